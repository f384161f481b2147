// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// From what is in the kernel to what shall be: the fewest changes that let every counter go on.
//
// A rule that is there with its id and form stays, with its count. A rule whose id is to live on
// but that can't stay (its form changed, or it has another place among its neighbours) would lose
// the packets that it counts between the look and the commit. Then all chains but the base chains
// are built anew beside the old ones, in another epoch, the base chains' jumps are switched, and
// the old chains stay behind, unreachable, with their counts. Whoever reads finds the sum right;
// the next transaction takes them away, and its source has their counts in its offsets. A policy
// has no other form under the same id (-P gives it a new one), so base chains need no epoch.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/nft/change.h"
#include "backend/nft/kernel_table.h"
#include "backend/nft/program.h"
#include "backend/nft/stored.h"

namespace bulkhead::backend::nft {

// A table that is there and sound: `table` as it was found, `stored` as it was assembled from its
// pieces.
struct Sound {
  const KernelTable* table = nullptr;
  const Stored* stored = nullptr;
};

// `program` in epoch 0, as lower() gives it.
std::vector<Change> delta(const Sound& now, Program program, std::string_view source,
                          std::string_view transaction);

// The same where there is no table, or one that can't be trusted and is replaced as a whole.
std::vector<Change> build_anew(const KernelTable& now, Program program, std::string_view source,
                               std::string_view transaction);

// The counts by rule: all of them, and those in chains of an epoch that is in force no more.
struct Counts {
  std::unordered_map<ir::RuleId, ir::Counters> all;
  std::unordered_map<ir::RuleId, ir::Counters> retired;
};
Counts counts(const Sound& now);

}  // namespace bulkhead::backend::nft
