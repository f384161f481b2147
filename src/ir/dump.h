// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "ir/ruleset.h"

namespace bulkhead::ir {

// The IR as text, one rule a line: what is *meant*, not how it was written. For tests and for the
// developer's eye; there is no parser for it.
//
//   table filter
//     chain INPUT policy accept
//       #3 l4proto 6; header tcp; dport 22, 80-90 -> accept
std::string dump(const Ruleset& rules);
std::string dump(const Rule& rule, net::Family family);
std::string dump(const Condition& condition, net::Family family);
std::string dump(const Action& action);

}  // namespace bulkhead::ir
