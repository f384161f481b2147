// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "core/result.h"
#include "ir/ruleset.h"
#include "lang/command.h"

namespace bulkhead::lang {

// Does to a ruleset what iptables-legacy does to its table, with its refusals. Pure: `rules` has
// live counters, as they are now; a rule whose count starts anew (added, replaced, a policy that is
// set) gets ir::kNoId, every other keeps its id. -Z sets counters to zero. `table` is one of
// ir::builtin_tables() and is made if it isn't there. List, Help, Version and Nothing change
// nothing, apart from -L -Z, which zeroes. After an error `rules` is in no defined state: the
// caller works on a copy.
//
// edit() looks only at what the operation touches. What follows from the whole ruleset (loops,
// targets reached from a wrong hook) is check.h's, once for as many edits as are made together.
Result<void> edit(Operation operation, std::string_view table, ir::Ruleset& rules);

// One command by itself: edit(), then what the kernel would refuse of its rule, then check().
Result<void> apply(const Command& command, ir::Ruleset& rules);

// Places in the text of an earlier command mean nothing in this one's.
void forget_spans(ir::Ruleset& rules);

}  // namespace bulkhead::lang
