// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

struct Number {
  uint64_t value = 0;
  std::string_view rest;  // what follows it
};

// The number that `text` begins with, as libxtables' xtables_strtoul reads it: 0x and 0 lead other
// bases, white space and '+' may stand before it, '-' may not. Nothing if there is none or it is
// above `last`.
std::optional<Number> leading_number(std::string_view text, uint64_t last);
// The same, and nothing may follow it.
std::optional<uint64_t> whole_number(std::string_view text, uint64_t first, uint64_t last);

// The decimal number that a canonical text consists of.
uint64_t canonical_number(std::string_view text);

Result<std::string> parse_number(std::string_view word, uint64_t first, uint64_t last,
                                 const Context&);
Values number_values(std::string_view canonical, const Context&);

// A number between the two, both included.
template <uint64_t kFirst, uint64_t kLast>
inline constexpr ArgumentType kNumber{
    .words = "number",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_number(words[0], kFirst, kLast, context); },
    .values = number_values,
};

// No argument at all.
inline constexpr ArgumentType kFlag{
    .words = "",
    .count = 0,
    .parse = [](std::span<const std::string_view>, const Context&) -> Result<std::string> {
      return std::string();
    },
};

}  // namespace bulkhead::ext
