// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "ir/ruleset.h"

namespace bulkhead::ext {

// The argument of that option; nullptr if it wasn't given.
inline const ir::Argument* given(std::span<const ir::Argument> arguments, std::string_view option) {
  const auto found = std::ranges::find(arguments, option, &ir::Argument::option);
  return found == arguments.end() ? nullptr : &*found;
}

inline bool given_negated(std::span<const ir::Argument> arguments, std::string_view option) {
  const ir::Argument* argument = given(arguments, option);
  return argument != nullptr && argument->negated;
}

}  // namespace bulkhead::ext
