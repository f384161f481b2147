// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/changed_rules.h"

#include <algorithm>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/common_subsequence.h"
#include "ir/dump.h"

namespace bulkhead::pass {

namespace {

// Equal rules have equal numbers.
class Numbers {
 public:
  explicit Numbers(net::Family family) : family_(family) {}

  std::vector<size_t> of(std::span<const ir::Rule> rules) {
    std::vector<size_t> numbers;
    for (const ir::Rule& rule : rules) numbers.push_back(of(rule));
    return numbers;
  }

 private:
  size_t of(const ir::Rule& rule) {
    std::string words = ir::dump(rule, family_);
    const auto [first, last] = known_.equal_range(words);
    const auto same =
        std::find_if(first, last, [&](const auto& it) { return *it.second.rule == rule; });
    if (same != last) return same->second.number;
    const size_t number = known_.size();
    known_.emplace(std::move(words), Known{&rule, number});
    return number;
  }

  struct Known {
    const ir::Rule* rule;
    size_t number;
  };
  net::Family family_;
  std::unordered_multimap<std::string, Known> known_;
};

void add_changed(std::span<const ir::Rule> before, std::span<const ir::Rule> after,
                 net::Family family, std::vector<const ir::Rule*>& changed) {
  // Most changes leave the end as it is, too.
  while (!before.empty() && !after.empty() && before.back() == after.back()) {
    before = before.first(before.size() - 1);
    after = after.first(after.size() - 1);
  }
  while (!before.empty() && !after.empty() && before.front() == after.front()) {
    before = before.subspan(1);
    after = after.subspan(1);
  }
  if (before.empty() || after.empty()) {
    for (const ir::Rule& rule : before) changed.push_back(&rule);
    for (const ir::Rule& rule : after) changed.push_back(&rule);
    return;
  }
  Numbers numbers(family);
  const std::vector<size_t> old_numbers = numbers.of(before);
  const std::vector<size_t> new_numbers = numbers.of(after);
  std::vector<bool> stays(before.size(), false);
  const auto kept = common_subsequence<size_t>(old_numbers, new_numbers);
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) {
      stays[*kept[i]] = true;
    } else {
      changed.push_back(&after[i]);
    }
  }
  for (size_t i = 0; i < stays.size(); ++i)
    if (!stays[i]) changed.push_back(&before[i]);
}

}  // namespace

std::optional<std::vector<const ir::Rule*>> changed_rules(const ir::Table& before,
                                                          const ir::Table& after,
                                                          net::Family family) {
  std::vector<const ir::Rule*> changed;
  for (const ir::Chain& chain : before.chains) {
    const ir::Chain* other = after.find(chain.name);
    if (other == nullptr && !chain.builtin()) continue;
    if (other == nullptr || other->policy != chain.policy) return std::nullopt;
    add_changed(chain.rules, other->rules, family, changed);
  }
  for (const ir::Chain& chain : after.chains)
    if (chain.builtin() && before.find(chain.name) == nullptr) return std::nullopt;
  return changed;
}

}  // namespace bulkhead::pass
