// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The door of every analysis of packet sets: it gets a model to work on, with a budget, and an
// order of the fields under which the work fits into it.

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "core/result.h"
#include "ir/ruleset.h"
#include "set/model.h"

namespace bulkhead::pass {

struct AnalysisLimits {
  std::chrono::milliseconds time{60'000};  // in all
  size_t bytes = size_t{1} << 30;          // of one model; only one is alive at a time
  uint64_t steps = UINT64_MAX;             // of one model's operations: the same on every machine
};

struct AnalysisOptions {
  AnalysisLimits limits;
  // When the time has begun, where it is shared by several; none: now.
  std::optional<std::chrono::steady_clock::time_point> since = {};
  std::vector<ir::Constraint> more;  // what is asked of packets besides the rules' conditions
  bool named_unknowns = false;       // set::ModelOptions
  set::SameRules same = {};          // set::ModelOptions
};

// What an analysis took.
struct AnalysisCost {
  set::Order order = set::Order::kAddressesFirst;
  size_t nodes = 0;
  size_t bytes = 0;
};

// Calls `work` with models of the rulesets until it comes to its end under one of them: each order
// of the fields, the most promising one first, with little, then with more. So `work` may run
// several times and writes its results anew each time; those of a run that was cut short are
// worthless, and `analyse` then gives an error (kRefused) that says which limit was met. Needs
// verified rulesets of one family, and at least one.
Result<AnalysisCost> analyse(const std::vector<const ir::Ruleset*>& rulesets,
                             const AnalysisOptions& options,
                             const std::function<void(set::Model&)>& work);

}  // namespace bulkhead::pass
