// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "ir/ruleset.h"

namespace bulkhead::ext {

// The first argument of that option; nullptr if it isn't given.
inline const ir::Argument* find(std::span<const ir::Argument> arguments, std::string_view option) {
  const auto found = std::ranges::find(arguments, option, &ir::Argument::option);
  return found == arguments.end() ? nullptr : &*found;
}

}  // namespace bulkhead::ext
