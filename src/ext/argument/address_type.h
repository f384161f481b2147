// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ext/argument/word_list.h"
#include "ext/row.h"

namespace bulkhead::ext {

// "LOCAL,BROADCAST": what the routing table says of an address, in the order of RTN_* of
// linux/rtnetlink.h.
Result<std::string> parse_address_types(std::span<const std::string_view> words, const Context&);
Values address_type_values(std::string_view canonical, const Context&);
std::string address_type_choices();
// A bit for each type, as xt_addrtype_info_v1 has them: XT_ADDRTYPE_* of
// linux/netfilter/xt_addrtype.h.
uint16_t address_type_bits(std::string_view canonical);

inline constexpr ArgumentType kAddressTypes{
    .words = "type[,type...]",
    .parse = parse_address_types,
    .values = address_type_values,
    .say = say_words,
    .choices = address_type_choices,
};

}  // namespace bulkhead::ext
