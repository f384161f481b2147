// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ext/argument/number_range.h"
#include "ext/argument/port.h"
#include "ext/argument/word_list.h"
#include "ext/row.h"

namespace bulkhead::ext {

// "ASSURED,CONFIRMED", read like a list of states. NONE is no bit, so it is the canonical text of
// nothing else only.
Result<std::string> parse_status(std::span<const std::string_view> words, const Context&);
// IPS_* of linux/netfilter/nf_conntrack_common.h.
uint32_t read_status(std::string_view canonical);
Values status_values(std::string_view canonical, const Context&);

// "ORIGINAL" or "REPLY", in any case.
Result<std::string> parse_direction(std::span<const std::string_view> words, const Context&);
bool is_reply(std::string_view canonical);
Values direction_values(std::string_view canonical, const Context&);

// Of a range of seconds, in milliseconds; the kernel rounds down to seconds before it compares.
Values lifetime_values(std::string_view canonical, const Context&);

inline constexpr ArgumentType kStatuses{
    .words = "{NONE|EXPECTED|SEEN_REPLY|ASSURED|CONFIRMED}[,...]",
    .parse = parse_status,
    .values = status_values,
    .say = say_words,
};
inline constexpr ArgumentType kDirection{
    .words = "{ORIGINAL|REPLY}",
    .parse = parse_direction,
    .values = direction_values,
};
inline constexpr ArgumentType kLifetime{
    .words = "seconds[:seconds]",
    .parse = kNumberRange<UINT32_MAX>.parse,
    .values = lifetime_values,
    .say = say_number_range,
};
// Any protocol may have them, so -L shows no name of a service.
inline constexpr ArgumentType kTuplePorts{
    .words = "port[:port]",
    .parse = parse_other_ports,
    .values = port_values,
    .say = say_ports,
};

}  // namespace bulkhead::ext
