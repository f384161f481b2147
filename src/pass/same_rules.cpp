// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/same_rules.h"

#include <algorithm>
#include <vector>

namespace bulkhead::pass {

namespace {

bool logs(const ir::Rule& rule) {
  const ir::Action& action = rule.target.action;
  return std::holds_alternative<ir::Log>(action) ||
         std::holds_alternative<ir::NetlinkLog>(action) ||
         std::holds_alternative<ir::Trace>(action);
}

std::vector<const ir::Rule*> logging_rules(const ir::Ruleset& rules) {
  std::vector<const ir::Rule*> found;
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) {
      for (const ir::Rule& rule : chain.rules) {
        if (logs(rule)) found.push_back(&rule);
      }
    }
  }
  return found;
}

}  // namespace

bool same_table(const ir::Table& a, const ir::Table& b) {
  return std::ranges::equal(a.chains, b.chains, [](const ir::Chain& x, const ir::Chain& y) {
    return x.name == y.name && x.policy == y.policy && x.rules == y.rules;
  });
}

bool same_rules(const ir::Ruleset& a, const ir::Ruleset& b) {
  return std::ranges::equal(a.tables, b.tables, [](const ir::Table& x, const ir::Table& y) {
    return x.name == y.name && same_table(x, y);
  });
}

bool same_logging(const ir::Ruleset& a, const ir::Ruleset& b) {
  const auto x = logging_rules(a);
  const auto y = logging_rules(b);
  return std::ranges::is_permutation(x, y,
                                     [](const ir::Rule* p, const ir::Rule* q) { return *p == *q; });
}

}  // namespace bulkhead::pass
