// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ir/ruleset.h"

namespace bulkhead::pass {

// Whether the rules are the same, word by word, but for counters.
bool same_table(const ir::Table& a, const ir::Table& b);
bool same_rules(const ir::Ruleset& a, const ir::Ruleset& b);

// Whether they log by the same rules (LOG, NFLOG, TRACE), in whatever order and chains.
bool same_logging(const ir::Ruleset& a, const ir::Ruleset& b);

}  // namespace bulkhead::pass
