// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ext/argument/number_range.h"
#include "ext/row.h"

namespace bulkhead::ext {

inline constexpr std::string_view kAnyRange32 = "0:4294967295";

// A number of 32 bits or a range of them, as kNumberRange has it; but an empty word, which
// libxtables takes for 0, is refused.
Result<std::string> parse_range32(std::span<const std::string_view> words, const Context&);

inline constexpr ArgumentType kRange32{
    .words = "number[:number]",
    .parse = parse_range32,
    .values = number_range_values,
    .say = say_number_range,
};

// Into the two numbers of a match of the kernel; everything if the option isn't given.
void fill_range32(std::span<const ir::Argument> arguments, std::string_view option,
                  uint32_t (&range)[2]);
// "spi:7", "spis:!7:9"
std::string list_range32(std::string_view name, const ir::Argument& argument);

}  // namespace bulkhead::ext
