// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The chains of a table as functions of packets.

#include <optional>
#include <vector>

#include "ir/ruleset.h"
#include "set/model.h"

namespace bulkhead::pass {

// Folds each chain once and never inlines it. Needs a verified table of the model's rules; keeps
// references to both.
class ChainFunctions {
 public:
  ChainFunctions(set::Model& model, const ir::Table& table);

  const ir::Table& table() const { return table_; }
  // What the chain does with a packet; what comes out of its end goes on.
  set::Node of(const ir::Chain& chain);
  // What the rule does, and what the chain that it calls does for it.
  set::Node of(const ir::Rule& rule);
  // A built-in chain, its policy included: every packet is decided.
  set::Node decided(const ir::Chain& builtin);

 private:
  set::Model& model_;
  const ir::Table& table_;
  std::vector<std::optional<set::Node>> functions_;  // by chain
};

}  // namespace bulkhead::pass
