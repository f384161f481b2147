// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

inline constexpr std::string_view kAnyMobilityType = "0:255";

// Types of mobility messages: "bu", "5", "home-test:7". Of a name as much of its beginning as one
// likes; the first that begins so is meant, unless another is just that.
Result<std::string> parse_mobility_types(std::span<const std::string_view> words, const Context&);
std::string list_mobility_types(std::string_view canonical, bool numeric, const Context&);
std::string mobility_type_choices();

inline constexpr ArgumentType kMobilityTypes{
    .words = "type[:type]",
    .parse = parse_mobility_types,
    .list = list_mobility_types,
    .choices = mobility_type_choices,
};

}  // namespace bulkhead::ext
