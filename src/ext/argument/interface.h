// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// The name of an interface, or with a '+' at its end the beginning of some.
Result<std::string> parse_interface(std::span<const std::string_view> words, const Context&);
// What iptables says to a name that no interface can have, and takes.
std::string interface_warning(std::string_view name);

inline constexpr ArgumentType kInterface{.words = "name[+]", .parse = parse_interface};

}  // namespace bulkhead::ext
