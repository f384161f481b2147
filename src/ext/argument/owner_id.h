// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "root", "1000", "1000-1999" (also with a ':'), numbers in C's notation. The canonical text has
// numbers alone; a range from high to low is taken here, and the kernel refuses it.
struct OwnerRange {
  uint32_t first = 0;
  uint32_t last = 0;
};
OwnerRange owner_range(std::string_view canonical);

Result<std::string> parse_users(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_groups(std::span<const std::string_view> words, const Context&);
// One by its name; a range in numbers.
std::string list_users(std::string_view canonical, bool numeric, const Context&);
std::string list_groups(std::string_view canonical, bool numeric, const Context&);

inline constexpr ArgumentType kUsers{
    .words = "user[-user]",
    .parse = parse_users,
    .list = list_users,
};
inline constexpr ArgumentType kGroups{
    .words = "group[-group]",
    .parse = parse_groups,
    .list = list_groups,
};

}  // namespace bulkhead::ext
