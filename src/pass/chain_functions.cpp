// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/chain_functions.h"

#include <cassert>

namespace bulkhead::pass {

ChainFunctions::ChainFunctions(set::Model& model, const ir::Table& table)
    : model_(model), table_(table), functions_(table.chains.size()) {}

set::Node ChainFunctions::of(const ir::Rule& rule) {
  const auto* jump = std::get_if<ir::Jump>(&rule.target.action);
  if (jump == nullptr) return model_.function(rule);
  const ir::Chain* callee = table_.find(jump->chain);
  assert(callee != nullptr);
  return model_.function(rule, model_.called(of(*callee), jump->is_goto));
}

// Chains call each other without loops, so this ends.
set::Node ChainFunctions::of(const ir::Chain& chain) {
  std::optional<set::Node>& known = functions_[static_cast<size_t>(&chain - table_.chains.data())];
  if (known) return *known;
  std::vector<set::Node> rules;
  rules.reserve(chain.rules.size());
  for (const ir::Rule& rule : chain.rules) {
    const set::Node function = of(rule);
    if (function != set::kGoesOn) rules.push_back(function);
  }
  known = model_.sequence_all(std::move(rules));
  return *known;
}

set::Node ChainFunctions::decided(const ir::Chain& builtin) {
  assert(builtin.policy);
  const ir::Action policy =
      *builtin.policy == ir::Policy::kAccept ? ir::Action{ir::Accept{}} : ir::Action{ir::Drop{}};
  return model_.with_policy(of(builtin), policy);
}

}  // namespace bulkhead::pass
