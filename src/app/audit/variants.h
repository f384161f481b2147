// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Rules without those that a question has to leave out of sight. Their conditions are all among
// those of the rules that they are made of, so one model serves both.

#include "ir/ruleset.h"

namespace bulkhead::app::audit {

// The rules as if what only the kernel knows let packets pass, but for matches that count: limit,
// hashlimit, recent, connlimit.
ir::Ruleset only_counts_unknown(const ir::Ruleset& rules);

// The table without the rules that decide and neither name a destination port nor are in a chain
// that is called for one.
ir::Table naming_ports(const ir::Table& table);

// The table without the rules at the end of INPUT that hold of every packet.
ir::Table without_end(const ir::Table& table);

}  // namespace bulkhead::app::audit
