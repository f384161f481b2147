// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ext/row.h"

namespace bulkhead::ext {

// "5:2,1,0": options of an IPv6 hop-by-hop or destination options header, in the order in which
// they must stand there; each a type and perhaps the length of its data.
Result<std::string> parse_ip6_options(std::span<const std::string_view> words, const Context&);
std::string say_ip6_options(std::string_view canonical, const Context&);

struct Ip6Option {
  uint8_t type = 0;
  std::optional<uint8_t> length;
};
std::vector<Ip6Option> read_ip6_options(std::string_view canonical);

inline constexpr ArgumentType kIp6Options{
    .words = "type[:length][,...]",
    .parse = parse_ip6_options,
    .say = say_ip6_options,
};

}  // namespace bulkhead::ext
