// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "192.0.2.1-192.0.2.9", or one address. A range from high to low is taken, with a warning, and
// never matches.
Result<std::string> parse_address_range(std::span<const std::string_view> words, const Context&);
Values address_range_values(std::string_view canonical, const Context&);
// "192.0.2.1 to 192.0.2.9"
std::string say_address_range(std::string_view canonical, const Context&);
// What iptables says on stderr to a range from high to low; empty to any other.
std::string reversed_range_warning(std::string_view canonical);

inline constexpr ArgumentType kAddressRange{
    .words = "address[-address]",
    .parse = parse_address_range,
    .values = address_range_values,
    .say = say_address_range,
};

}  // namespace bulkhead::ext
