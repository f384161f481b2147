// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "backend/nft/expr.h"
#include "core/result.h"
#include "ir/condition.h"
#include "net/family.h"

namespace bulkhead::backend::nft {

// Load, mask if need be, compare. No expression at all where every packet satisfies the constraint;
// a comparison that never holds where none does. kRefused if the family has no such field, or its
// bits fit no register.
Result<std::vector<Expr>> lower(const ir::Constraint& constraint, net::Family family);

// One look-up, so that the rule stays one rule with one counter: the fields side by side in a key,
// in a set of boxes that don't overlap (the first alternative; not the first but the second; ...).
// A load that fails ends a rule, so all fields must be readable together: kRefused if they aren't
// of one base, if the key is longer than 16 bytes or the set larger than kMaxBoxes.
Result<std::vector<Expr>> lower(const ir::AnyOf& any, net::Family family);
inline constexpr size_t kMaxBoxes = 4096;

// No packet has length 0.
std::vector<Expr> never();

// The connection states of a constraint on ir::kCtState, as nf_tables' bits. Exactly one holds for
// a packet, so any set of them is one mask.
uint32_t state_mask(const ir::ValueSet& values);

}  // namespace bulkhead::backend::nft
