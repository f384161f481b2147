// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ir/ruleset.h"

namespace bulkhead::app {

// Calls visit(id, counters) for everything that counts packets, by reference: of each table, of
// each chain, the policy of a built-in one and then the rules. The order is that of iptables-save,
// so it survives printing and parsing.
template <class Rules, class Visit> void each_counted(Rules& rules, Visit&& visit) {
  for (auto& table : rules.tables) {
    for (auto& chain : table.chains) {
      if (chain.builtin()) visit(chain.policy_id, chain.policy_counters);
      for (auto& rule : chain.rules) visit(rule.id, rule.counters);
    }
  }
}

}  // namespace bulkhead::app
