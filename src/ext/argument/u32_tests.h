// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netfilter/xt_u32.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ext/row.h"

namespace bulkhead::ext {

// Numbers anywhere in the packet and what they may be, "0&0xFF=0x5:0x9,0xB&&..." in
// iptables-extensions(8)'s little language, u32. The canonical text is in quotes.
Result<std::string> parse_u32_tests(std::span<const std::string_view> words, const Context&);

inline constexpr ArgumentType kU32Tests{.words = "tests", .parse = parse_u32_tests};

// Where a number is: the first one, then each changed by an operator and the next.
struct U32Step {
  xt_u32_ops operation = XT_U32_AND;  // of the first: none
  uint32_t number = 0;
};
struct U32Range {
  uint32_t first = 0;
  uint32_t last = 0;
};
struct U32Test {
  std::vector<U32Step> location;
  std::vector<U32Range> values;
};
std::vector<U32Test> u32_tests(std::string_view canonical);

}  // namespace bulkhead::ext
