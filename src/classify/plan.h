// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What is enforced, free of any back end: the seam between the rules as written and the form they
// run in. Today a chain's steps are its rules, asked one after the other; a flat structure is
// another kind of step, not another seam.

#include <string>
#include <vector>

#include "ir/ruleset.h"

namespace bulkhead::classify {

// One rule as it is asked. Several steps may count for one rule (a chain that was inlined at
// several places): its count is their sum.
struct Step {
  ir::RuleId id = ir::kNoId;
  std::vector<ir::Condition> conditions;
  ir::Action action;  // Jump names a chain of the same table
};

struct Chain {
  std::string table;
  std::string name;
  std::vector<Step> steps;
};

// Where packets enter: at this hook they walk `chain`; those that come back out meet the policy.
struct Entry {
  std::string table;
  std::string chain;
  ir::Hook hook;
  int32_t priority = 0;
  ir::Policy policy = ir::Policy::kAccept;
  ir::RuleId policy_id = ir::kNoId;
};

struct Plan {
  net::Family family = net::Family::kIpv4;
  std::vector<Entry> entries;
  std::vector<Chain> chains;
};

// Needs verified rules whose chains nest no deeper than the back end takes, each rule with its id.
// Table filter is hooked as soon as it is there (its policies count), another one when it has a
// rule or a policy to enforce.
Plan classify(const ir::Ruleset& rules);

}  // namespace bulkhead::classify
