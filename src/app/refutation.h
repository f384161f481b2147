// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// A packet that breaks a claim, told by the simulator: which rule lets it through, or stops it.

#include <optional>
#include <string>
#include <vector>

#include "app/explanation.h"
#include "app/proof.h"

namespace bulkhead::app {

// The rule or policy that decides.
struct Decider {
  std::string table;
  std::string chain;
  std::optional<size_t> number;  // from 1; none: the policy
  std::string rule;              // as -S prints it; "policy DROP"
  Span span;                     // in the text that the rules are from, if they have one
};

struct Refutation {
  Explanation explanation;
  std::optional<Decider> decider;  // none: there is no rule and no policy on the way
  // The simulator says what the algebra says. Where an unknown is one that it can't be told (a
  // translation to one of several addresses), it may not.
  bool agrees = false;
  // Rules that the packet meets and of which can't be known whether they match: "rule 3 of INPUT".
  std::vector<std::string> hangs_on;
};

Refutation refutation_of(const ir::Ruleset& rules, const CounterExample& example);

std::optional<Decider> decider_of(const ir::Ruleset& rules, const Explanation& explanation);

}  // namespace bulkhead::app
