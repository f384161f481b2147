// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Which packets come to which rule.

#include <memory>
#include <span>
#include <vector>

#include "pass/chain_functions.h"

namespace bulkhead::pass {

// A rule that no packet can match: `nothing` if there is no such packet at all, else the rules (by
// number in the same chain) before it that take all of its packets away, or none where its chain
// is entered by no such packet.
struct DeadRule {
  size_t chain = 0;
  size_t rule = 0;
  bool contradictory = false;
  std::vector<size_t> covered_by;
};

// Of the chains that a packet can get to. Takes for granted only what holds whichever way the
// unknowns fall: a rule called dead is dead, and packets that can come to a rule are among those
// that are said to. Look at the model's exhausted() before you believe it.
class Reach {
 public:
  // Keeps references to both.
  Reach(set::Model& model, ChainFunctions& functions);
  ~Reach();

  bool reachable(size_t chain) const;
  // In the order of chains and rules.
  const std::vector<DeadRule>& dead() const;
  // What of the set may come to a rule of a reachable chain and match.
  set::Node coming(size_t chain, size_t rule, set::Node within);
  // Whether each packet of that is in one of the sets. Much quicker than to build it.
  bool coming_is_in(size_t chain, size_t rule, set::Node within, std::vector<set::Node> sets);
  // Whether it may be so with this packet (an atom for each dimension) that the rule matches.
  bool comes(size_t chain, size_t rule, std::span<const uint32_t> atoms);

 private:
  class Walk;
  std::unique_ptr<Walk> walk_;
};

std::vector<DeadRule> dead_rules(set::Model& model, ChainFunctions& functions);

}  // namespace bulkhead::pass
