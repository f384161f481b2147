// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "echo-request", the unambiguous beginning of a name, "8", "3/1", "3/1:4". The types of ICMP or of
// ICMPv6, as the family has it. IPv4 alone has "any", which is type 255 too.
Result<std::string> parse_icmp_type(std::span<const std::string_view> words, const Context&);
// Type and code as one number of 16 bits.
Values icmp_type_values(std::string_view canonical, const Context&);
// "type 3 code 1", or the name without -n.
std::string list_icmp_type(std::string_view canonical, bool numeric, const Context&);
// "echo-request", "3 with codes 1 to 4".
std::string say_icmp_type(std::string_view canonical, const Context&);
std::string icmp_type_choices();
std::string icmp6_type_choices();

inline constexpr ArgumentType kIcmpType{
    .words = "type[/code]",
    .parse = parse_icmp_type,
    .values = icmp_type_values,
    .list = list_icmp_type,
    .say = say_icmp_type,
    .choices = icmp_type_choices,
};
inline constexpr ArgumentType kIcmp6Type{
    .words = "type[/code]",
    .parse = parse_icmp_type,
    .values = icmp_type_values,
    .list = list_icmp_type,
    .say = say_icmp_type,
    .choices = icmp6_type_choices,
};

// All that -L shows of an icmp match: "icmptype 8", "icmp !type 8", "icmp echo-request". `prefix`:
// "icmp".
std::string list_icmp_match(std::string_view prefix, std::span<const ir::Argument> arguments,
                            bool numeric, const Context&);

}  // namespace bulkhead::ext
