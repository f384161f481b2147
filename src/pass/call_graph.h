// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <vector>

#include "ir/ruleset.h"

namespace bulkhead::pass {

// One rule that jumps or goes to a user chain; numbers are indices into the table's chains and
// their rules.
struct Call {
  size_t from = 0;
  size_t rule = 0;
  size_t to = 0;
};

// Who calls whom in one table, as far as packets get. Says nothing any more once the table has
// changed.
class CallGraph {
 public:
  // Needs a verified table.
  explicit CallGraph(const ir::Table& table);

  bool reachable(size_t chain) const { return reachable_[chain]; }
  // Of reachable chains, in the order of the table's chains and rules.
  const std::vector<Call>& calls() const { return calls_; }
  size_t callers(size_t chain) const { return callers_[chain]; }
  // The chains that packets get to which are in this one.
  std::vector<bool> reached_from(size_t chain) const;

  // How many chains deep the longest path through this call goes; 1: from a built-in chain to one
  // that calls none.
  size_t depth_through(const Call& call) const { return depth_[call.from] + 1 + height_[call.to]; }
  size_t depth() const;  // of the longest path
  // The chains on a longest path through the call, from the built-in one on.
  std::vector<size_t> longest_path(const Call& through) const;

  // Chains that a packet, or a chain that no packet ever reached in `before`, can still get to.
  std::vector<bool> still_named(const CallGraph& before) const;

 private:
  std::vector<size_t> callees_first(const std::vector<bool>& roots) const;

  std::vector<std::vector<Call>> calls_of_;  // by caller, of all chains
  std::vector<Call> calls_;
  std::vector<bool> reachable_;
  std::vector<size_t> callers_;
  std::vector<size_t> depth_;   // the longest way from a built-in chain
  std::vector<size_t> height_;  // the longest way down
};

}  // namespace bulkhead::pass
