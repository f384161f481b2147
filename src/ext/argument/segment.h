// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// An IPv6 address and how much of it counts, as kHostMask has it; but all 128 bits are said, too,
// and -L looks up no names.
Result<std::string> parse_segment(std::span<const std::string_view> words, const Context&);
std::string say_segment(std::string_view canonical, const Context&);

inline constexpr ArgumentType kSegment{
    .words = "address[/mask]",
    .parse = parse_segment,
    .say = say_segment,
};

}  // namespace bulkhead::ext
