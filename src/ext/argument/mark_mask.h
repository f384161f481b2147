// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "0x10" or "0x10/0xff": 32 bits, and which of them count. A value with other bits is taken, as
// the kernel takes it, and never matches.
Result<std::string> parse_mark_mask(std::span<const std::string_view> words, const Context&);
Values mark_mask_values(std::string_view canonical, const Context&);
std::string say_mark_mask(std::string_view canonical, const Context&);

inline constexpr ArgumentType kMarkMask{
    .words = "value[/mask]",
    .parse = parse_mark_mask,
    .values = mark_mask_values,
    .say = say_mark_mask,
};

}  // namespace bulkhead::ext
