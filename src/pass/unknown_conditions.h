// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "ir/ruleset.h"

namespace bulkhead::pass {

// Conditions to be taken as if nobody knew whether they hold.
struct UnknownConditions {
  std::set<uint8_t> protocols;                 // -p with one of them
  std::set<std::string, std::less<>> matches;  // -m, by name

  bool empty() const { return protocols.empty() && matches.empty(); }
};

// Makes them so. For analyses only: the rules no longer say what they are to enforce.
void take_as_unknown(const UnknownConditions& unknown, ir::Ruleset& rules);

}  // namespace bulkhead::pass
