// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Which rules two versions of a table don't share.

#include <optional>
#include <vector>

#include "ir/ruleset.h"
#include "set/space.h"

namespace bulkhead::pass {

// The rules, of both, that aren't at the same place in the other: chain by chain, so few of them
// that the others stand in the same order in both. A packet that matches none of them has the same
// way through both. Rules of a chain that only one table has aren't named: whoever comes there has
// matched one that is. Nothing where that can't be said of rules: a policy is another one, or a
// built-in chain isn't there. Both tables are of one family.
std::optional<std::vector<const ir::Rule*>> changed_rules(const ir::Table& before,
                                                          const ir::Table& after,
                                                          net::Family family);

// Whether they ask for the same and do the same: comments don't count.
bool same_rule(const ir::Rule& a, const ir::Rule& b);

// For rules of `after` with a memory (a limit) the one of `before` that each is: at its place as
// changed_rules() has it, else one that asks for the same, if there is one that is no other's.
set::SameRules same_memories(const ir::Ruleset& before, const ir::Ruleset& after);

}  // namespace bulkhead::pass
