// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "backend/backend.h"
#include "core/result.h"
#include "host/queue.h"

namespace bulkhead::host {

inline constexpr std::chrono::seconds kDefaultWait{30};

// From a look at the kernel to what it shall hold; empty: leave it as it is. Called once for each
// attempt, so it must not have effects. The sources that it gives must be unlike any that was ever
// committed (a random number in them will do): after a lost answer they tell whose change is in the
// kernel.
using Compute = std::function<Result<std::vector<backend::Desired>>(const backend::Snapshot&)>;

// Looks, computes, commits, and starts again when another program changed nf_tables in between,
// until `wait` has passed (kBusy; at least one attempt is made). An answer that was lost is settled
// by another look: done, or tried again; kUnclear only if somebody else's change is there instead.
// Other errors are those of `compute`, of read() and of commit(): nothing was changed.
Result<void> transact(backend::Backend& backend, std::chrono::seconds wait, const Compute& compute);

// The moment after which waiting ends; a wait of many years, or one that overflows, is for ever.
Clock::time_point deadline_after(std::chrono::seconds wait);

}  // namespace bulkhead::host
