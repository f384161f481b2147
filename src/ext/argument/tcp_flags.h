// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// Two words: which flags to look at, and which of them must be set. "FIN,SYN,RST,ACK SYN".
Result<std::string> parse_tcp_flags(std::span<const std::string_view> words, const Context&);
Values tcp_flags_values(std::string_view canonical, const Context&);
std::string list_tcp_flags(std::string_view canonical, bool numeric, const Context&);
std::string say_tcp_flags(std::string_view canonical, const Context&);

inline constexpr ArgumentType kTcpFlags{
    .words = "mask comp",
    .count = 2,
    .parse = parse_tcp_flags,
    .values = tcp_flags_values,
    .list = list_tcp_flags,
    .say = say_tcp_flags,
};

}  // namespace bulkhead::ext
