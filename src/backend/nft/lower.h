// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/nft/program.h"
#include "classify/plan.h"
#include "core/result.h"

namespace bulkhead::backend::nft {

// A plan as nf_tables has it (docs/kernel-table.md): for each entry a base chain that jumps to the
// rules and then counts and does the policy, a chain for each chain, a rule for each step, with a
// guard before it where a packet with a cut-off header must be dropped, and the check chains that
// the guards jump to; and what connection_template.h adds. In epoch 0. kRefused where a condition
// can't be said exactly. Needs every chain that is jumped to.
Result<Program> lower(const classify::Plan& plan);

}  // namespace bulkhead::backend::nft
