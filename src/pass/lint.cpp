// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/lint.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace bulkhead::pass {

namespace {

using OfTable = std::function<void(set::Model&, ChainFunctions&, Reach&, std::vector<Lint>&)>;

// Runs one analysis over all tables; what it found only counts if it came to its end.
void analyse_tables(const ir::Ruleset& rules, const AnalysisOptions& options, Lints& lints,
                    const OfTable& of_table) {
  std::vector<Lint> found;
  const auto done = analyse({&rules}, options, [&](set::Model& model) {
    found.clear();
    for (const ir::Table& table : rules.tables) {
      ChainFunctions functions(model, table);
      Reach reach(model, functions);
      if (model.exhausted()) return;
      of_table(model, functions, reach, found);
    }
  });
  if (!done) {
    lints.unfinished.push_back(done.error());
  } else {
    lints.found.insert(lints.found.end(), found.begin(), found.end());
  }
}

}  // namespace

Lints lint(const ir::Ruleset& rules, const AnalysisLimits& limits) {
  Lints lints;
  if (rules.tables.empty()) return lints;
  for (const ir::Table& table : rules.tables) lint_unused_chains(table, lints.found);
  analyse_tables(
      rules, {.limits = limits, .more = {}}, lints,
      [](set::Model&, ChainFunctions& functions, Reach& reach, std::vector<Lint>& found) {
        lint_dead_rules(functions.table(), reach, found);
      });
  lint_open_ports(rules, limits, lints);
  // Apart, for it is the dearest.
  analyse_tables(rules, {.limits = limits, .more = {}}, lints,
                 [](set::Model& model, ChainFunctions& functions, Reach& reach,
                    std::vector<Lint>& found) { lint_no_effect(model, functions, reach, found); });
  const auto place = [&](const Lint& it) {
    const ir::Table& table = *rules.find(it.place.table);
    return std::tuple(&table - rules.tables.data(),
                      table.find(it.place.chain) - table.chains.data(), it.place.rule);
  };
  std::ranges::stable_sort(lints.found, {}, place);
  return lints;
}

}  // namespace bulkhead::pass
