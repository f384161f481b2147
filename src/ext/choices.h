// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "ext/row.h"

namespace bulkhead::ext {

// The words that the options' types take, a text for each type; once, though several options have
// it.
inline std::vector<std::string> choices_of(std::span<const Option> options) {
  std::vector<const ArgumentType*> told;
  std::vector<std::string> texts;
  for (const Option& option : options) {
    if (option.type->choices == nullptr || std::ranges::find(told, option.type) != told.end())
      continue;
    told.push_back(option.type);
    texts.push_back(option.type->choices());
  }
  return texts;
}

}  // namespace bulkhead::ext
