// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/lint.h"

namespace bulkhead::pass {

std::string never_matches_words(size_t takers) {
  if (takers == 0) return "this never matches: no packet that it asks for comes into the chain";
  return takers == 1 ? "this never matches: a rule before it takes all of its packets"
                     : "this never matches: rules before it take all of its packets";
}

void lint_dead_rules(const ir::Table& table, const Reach& reach, std::vector<Lint>& found) {
  for (const DeadRule& dead : reach.dead()) {
    const std::string& chain = table.chains[dead.chain].name;
    Lint lint{.place = {table.name, chain, dead.rule}};
    if (dead.contradictory) {
      lint.kind = LintKind::kContradiction;
      lint.words = "no packet can match this: its conditions contradict each other";
    } else {
      lint.words = never_matches_words(dead.covered_by.size());
    }
    for (const size_t rule : dead.covered_by) lint.others.push_back({table.name, chain, rule});
    found.push_back(std::move(lint));
  }
}

}  // namespace bulkhead::pass
