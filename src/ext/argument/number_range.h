// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// As xtopt_parse_mint of libxtables reads a number or a range of them, in C's notation: an empty
// word is 0, an empty end of a range the first or the last number there is.
struct TypedRange {
  uint64_t first = 0;
  std::optional<uint64_t> last{};  // of a range
};
Result<TypedRange> parse_typed_range(std::string_view word, uint64_t last, const Context&);

// "5", "5:9", ":9" or "5:": a number from 0 to `last` or a range of them, in C's notation. A range
// from high to low is taken and never matches.
Result<std::string> parse_number_range(std::string_view word, uint64_t last, const Context&);
struct NumberRange {
  uint64_t first = 0;
  uint64_t last = 0;
};
NumberRange read_number_range(std::string_view canonical);
Values number_range_values(std::string_view canonical, const Context&);
// "5 to 9"
std::string say_number_range(std::string_view canonical, const Context&);

template <uint64_t kLast>
inline constexpr ArgumentType kNumberRange{
    .words = "number[:number]",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_number_range(words[0], kLast, context); },
    .values = number_range_values,
    .say = say_number_range,
};

}  // namespace bulkhead::ext
