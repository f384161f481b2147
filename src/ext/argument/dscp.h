// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// A DiffServ codepoint (RFC 2474), 6 bits: by number, or by the name of its class. Canonical:
// "0x2e".
Result<std::string> parse_dscp(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_dscp_class(std::span<const std::string_view> words, const Context&);
Values dscp_values(std::string_view canonical, const Context&);
// "0x2e (EF)"
std::string say_dscp(std::string_view canonical, const Context&);

inline constexpr ArgumentType kDscp{
    .words = "value",
    .parse = parse_dscp,
    .values = dscp_values,
    .say = say_dscp,
};
inline constexpr ArgumentType kDscpClass{
    .words = "name",
    .parse = parse_dscp_class,
    .values = dscp_values,
    .say = say_dscp,
};

}  // namespace bulkhead::ext
