// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "02:00:5e:10:00:01", 48 bits.
Result<std::string> parse_mac(std::span<const std::string_view> words, const Context&);
Values mac_values(std::string_view canonical, const Context&);

inline constexpr ArgumentType kMac{
    .words = "XX:XX:XX:XX:XX:XX",
    .parse = parse_mac,
    .values = mac_values,
};

}  // namespace bulkhead::ext
