// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "classify/plan.h"

namespace bulkhead::classify {

namespace {

Step step_of(const ir::Rule& rule) {
  Step step{.id = rule.id, .conditions = rule.head.predicate, .action = rule.target.action};
  for (const ir::Match& match : rule.matches) {
    step.conditions.insert(step.conditions.end(), match.predicate.begin(), match.predicate.end());
  }
  return step;
}

bool enforces(const ir::Table& table) {
  // The kernel translates connections that have begun for as long as a nat chain is hooked, so
  // nat's stay when its last rule goes, as ip_tables' do.
  if (table.name == "filter" || table.name == "nat") return true;
  return std::ranges::any_of(table.chains, [](const ir::Chain& chain) {
    return (chain.builtin() && !chain.rules.empty()) || chain.policy == ir::Policy::kDrop;
  });
}

void add_table(Plan& plan, const ir::Table& table) {
  for (const ir::BuiltinChain& builtin : ir::builtin_table(table.name)->chains) {
    const ir::Chain& chain = *table.find(builtin.name);
    plan.entries.push_back({.table = table.name,
                            .chain = chain.name,
                            .hook = builtin.hook,
                            .priority = builtin.priority,
                            .policy = *chain.policy,
                            .policy_id = chain.policy_id});
  }
  for (const ir::Chain& chain : table.chains) {
    Chain& made = plan.chains.emplace_back(Chain{.table = table.name, .name = chain.name});
    made.steps.reserve(chain.rules.size());
    for (const ir::Rule& rule : chain.rules) made.steps.push_back(step_of(rule));
  }
}

}  // namespace

Plan classify(const ir::Ruleset& rules) {
  Plan plan{.family = rules.family};
  for (const ir::Table& table : rules.tables) {
    if (enforces(table)) add_table(plan, table);
  }
  return plan;
}

}  // namespace bulkhead::classify
