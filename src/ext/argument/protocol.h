// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ext/argument/number.h"
#include "ext/row.h"

namespace bulkhead::ext {

// A number in C's notation, or a name of iptables' own or of /etc/protocols; "all" is 0.
std::optional<uint8_t> protocol_number(std::string_view word, const net::Names& names);

// Canonical as a number.
Result<std::string> parse_protocol(std::span<const std::string_view> words, const Context&);
std::string say_protocol(std::string_view canonical, const Context&);

inline constexpr ArgumentType kProtocolName{
    .words = "protocol",
    .parse = parse_protocol,
    .values = number_values,
    .say = say_protocol,
};

}  // namespace bulkhead::ext
