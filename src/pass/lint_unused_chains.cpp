// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/call_graph.h"
#include "pass/lint.h"

namespace bulkhead::pass {

namespace {

bool named(const ir::Table& table, const std::string& name) {
  for (const ir::Chain& chain : table.chains) {
    for (const ir::Rule& rule : chain.rules) {
      const auto* jump = std::get_if<ir::Jump>(&rule.target.action);
      if (jump != nullptr && jump->chain == name) return true;
    }
  }
  return false;
}

}  // namespace

void lint_unused_chains(const ir::Table& table, std::vector<Lint>& found) {
  const CallGraph graph(table);
  for (size_t i = 0; i < table.chains.size(); ++i) {
    if (graph.reachable(i)) continue;
    const std::string& name = table.chains[i].name;
    found.push_back({.kind = LintKind::kUnusedChain,
                     .place = {table.name, name, {}},
                     .words = named(table, name)
                                  ? "no packet gets here: only unused chains jump to this one"
                                  : "no rule jumps to this chain",
                     .others = {}});
  }
}

}  // namespace bulkhead::pass
