// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/guard.h"

#include <algorithm>
#include <vector>

namespace bulkhead::backend::nft {
namespace {

// Beyond that many conditions only a few subsets are looked at: a guard too many costs time, not
// truth.
constexpr size_t kMaxSubsetBits = 8;

// What the conditions are, without order and repetition; those that always hold don't count.
std::vector<uint64_t> identities(std::span<const Part> parts) {
  std::vector<uint64_t> out;
  for (const Part& part : parts) {
    if (!part.expressions.empty()) out.push_back(part.identity.low);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

void Guards::start_chain() {
  for (auto& sums : standing_) sums.clear();
}

bool Guards::covered(Check check, std::span<const Part> before) const {
  const std::vector<uint64_t> asked = identities(before);
  const size_t bits = std::min(asked.size(), kMaxSubsetBits);
  for (unsigned other = 0; other < kChecks; ++other) {
    if (!covers(static_cast<Check>(other), check) || standing_[other].empty()) continue;
    for (uint64_t subset = 0; subset < uint64_t{1} << bits; ++subset) {
      uint64_t sum = 0;
      for (size_t i = 0; i < bits; ++i) {
        if ((subset >> i & 1) != 0) sum += asked[i];
      }
      if (standing_[other].contains(sum)) return true;
    }
  }
  return false;
}

std::optional<Rule> Guards::guard(std::span<const Part> parts) {
  const Check check = *parts.back().check;
  const std::span<const Part> before = parts.first(parts.size() - 1);
  if (covered(check, before)) return {};
  uint64_t sum = 0;
  for (uint64_t identity : identities(before)) sum += identity;
  standing_[static_cast<unsigned>(check)].insert(sum);
  used_[static_cast<unsigned>(check)] = true;
  Rule rule = join(before);
  rule.expressions.emplace_back(Verdict{VerdictCode::kJump, std::string(check_chain_name(check))});
  return rule;
}

}  // namespace bulkhead::backend::nft
