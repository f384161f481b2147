// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/nft/program.h"
#include "core/result.h"
#include "ir/action.h"
#include "ir/condition.h"

namespace bulkhead::backend::nft {

// Where an action stands, as far as its form depends on it.
struct ActionPlace {
  net::Family family = net::Family::kIpv4;
  std::string_view table;
  ir::RuleId id = ir::kNoId;
  uint8_t protocol = 0;                         // of -p; 0: none
  std::span<const ir::Condition> conditions{};  // that stand before it
  // The chain's packets come from behind routing, or from before it; nothing: from both.
  std::optional<bool> behind_routing = false;
};

// What a rule does behind its counter.
struct LoweredAction {
  std::vector<Expr> expressions;
  uint8_t xt_protocol = 0;     // not 0: has an xt target, which wants to know -p
  std::optional<Chain> chain;  // an action that is more than one rule has a chain of its own
};

// kRefused where the kernel has no way to say it there.
Result<LoweredAction> lower_action(const ir::Action& action, const ActionPlace& place);

}  // namespace bulkhead::backend::nft
