// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <optional>
#include <span>
#include <unordered_set>

#include "backend/nft/predicate.h"

namespace bulkhead::backend::nft {

// The guards of one chain, in its order. Every packet that gets to a rule has been past all rules
// before it, so a guard is left out where an earlier one makes a check that covers it and asks for
// no more conditions.
class Guards {
 public:
  // The guard for the check of parts.back(), if there has to be one: the parts before it, then the
  // jump.
  std::optional<Rule> guard(std::span<const Part> parts);

  const std::array<bool, kChecks>& used() const { return used_; }
  void start_chain();
  // A packet may be another one now: what was made sure of before says nothing of it.
  void packet_changed() { start_chain(); }

 private:
  bool covered(Check check, std::span<const Part> before) const;

  // Of the guards that stand: the sums of their conditions' identities, by check.
  std::array<std::unordered_set<uint64_t>, kChecks> standing_;
  std::array<bool, kChecks> used_{};
};

}  // namespace bulkhead::backend::nft
