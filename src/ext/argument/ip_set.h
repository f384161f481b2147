// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// An ipset's name, and of the packet what is looked up in it, one word for each of the set's parts:
// "blocked src", "services dst,dst".
Result<std::string> parse_ip_set(std::span<const std::string_view> words, const Context&);
std::string say_ip_set(std::string_view canonical, const Context&);

struct IpSetUse {
  std::string_view set;
  uint8_t parts = 0;    // how many words
  uint8_t sources = 0;  // bit n: the n-th word, counted from 1, is "src"
};
IpSetUse read_ip_set(std::string_view canonical);

inline constexpr ArgumentType kIpSet{
    .words = "name src|dst[,src|dst...]",
    .count = 2,
    .parse = parse_ip_set,
    .say = say_ip_set,
};

}  // namespace bulkhead::ext
