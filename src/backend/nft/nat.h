// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "backend/nft/action.h"
#include "backend/nft/expr.h"

namespace bulkhead::backend::nft {

// The kernel's own address translation, with its ranges in registers.
Result<std::vector<Expr>> lower(const ir::Nat& nat, const ActionPlace& place);

}  // namespace bulkhead::backend::nft
