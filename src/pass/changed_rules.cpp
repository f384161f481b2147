// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/changed_rules.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/common_subsequence.h"
#include "ir/dump.h"

namespace bulkhead::pass {

namespace {

bool is_remark(const ir::Match& match) { return match.predicate.empty(); }

// Rules that are the same have equal numbers.
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
    words.erase(0, words.find(' '));  // its id
    const auto [first, last] = known_.equal_range(words);
    const auto same =
        std::find_if(first, last, [&](const auto& it) { return same_rule(*it.second.rule, rule); });
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

// For each rule of `after` the one of `before` that stays at its place.
std::vector<std::optional<size_t>> staying(std::span<const ir::Rule> before,
                                           std::span<const ir::Rule> after, net::Family family) {
  std::vector<std::optional<size_t>> stays(after.size());
  // Most changes leave the end as it is, too.
  while (!before.empty() && !after.empty() && same_rule(before.back(), after.back())) {
    stays[after.size() - 1] = before.size() - 1;
    before = before.first(before.size() - 1);
    after = after.first(after.size() - 1);
  }
  size_t start = 0;
  while (!before.empty() && !after.empty() && same_rule(before.front(), after.front())) {
    stays[start] = start;
    ++start;
    before = before.subspan(1);
    after = after.subspan(1);
  }
  if (before.empty() || after.empty()) return stays;
  Numbers numbers(family);
  const std::vector<size_t> old_numbers = numbers.of(before);
  const std::vector<size_t> new_numbers = numbers.of(after);
  const auto kept = common_subsequence<size_t>(old_numbers, new_numbers);
  for (size_t i = 0; i < kept.size(); ++i)
    if (kept[i]) stays[start + i] = start + *kept[i];
  return stays;
}

void add_changed(const std::vector<ir::Rule>& before, const std::vector<ir::Rule>& after,
                 net::Family family, std::vector<const ir::Rule*>& changed) {
  std::vector<bool> left(before.size(), true);
  const auto stays = staying(before, after, family);
  for (size_t i = 0; i < after.size(); ++i) {
    if (stays[i]) {
      left[*stays[i]] = false;
    } else {
      changed.push_back(&after[i]);
    }
  }
  for (size_t i = 0; i < before.size(); ++i)
    if (left[i]) changed.push_back(&before[i]);
}

bool remembers(const ir::Rule& rule) {
  return std::ranges::any_of(rule.matches, [](const ir::Match& match) {
    return std::ranges::any_of(match.predicate, set::remembers);
  });
}

bool remembers(const ir::Chain& chain) {
  return std::ranges::any_of(chain.rules, [](const ir::Rule& rule) { return remembers(rule); });
}

// What the rule asks for.
std::string question_of(const ir::Rule& rule) {
  std::string words;
  const auto add = [&](const ir::Match& match) {
    words += match.name;
    for (const ir::Argument& argument : match.arguments)
      words +=
          fmt::format(" {}{} {}", argument.negated ? "! " : "", argument.option, argument.text);
    words += '\n';
  };
  add(rule.head);
  for (const ir::Match& match : rule.matches)
    if (!is_remark(match)) add(match);
  return words;
}

// Rules with a memory that don't stay at their place.
class Moved {
 public:
  void add_before(const std::string& where, const ir::Rule& rule) {
    here_[where + question_of(rule)].push_back(&rule);
    all_.push_back(&rule);
  }
  void add_after(const std::string& where, const ir::Rule& rule) {
    after_.push_back({where, &rule});
  }

  // The n-th that asks for something is the n-th that did: of its own chain first, then of any.
  void pair(set::SameRules& same) {
    std::set<const ir::Rule*> taken;
    std::vector<const ir::Rule*> elsewhere;
    for (const auto& [where, rule] : after_) {
      auto& those = here_[where + question_of(*rule)];
      if (those.empty()) {
        elsewhere.push_back(rule);
        continue;
      }
      same.emplace(rule, those.front());
      taken.insert(those.front());
      those.pop_front();
    }
    std::map<std::string, std::deque<const ir::Rule*>> left;
    for (const ir::Rule* rule : all_)
      if (!taken.contains(rule)) left[question_of(*rule)].push_back(rule);
    for (const ir::Rule* rule : elsewhere) {
      auto& those = left[question_of(*rule)];
      if (those.empty()) continue;
      same.emplace(rule, those.front());
      those.pop_front();
    }
  }

 private:
  std::map<std::string, std::deque<const ir::Rule*>> here_;  // by chain and question
  std::vector<const ir::Rule*> all_;
  std::vector<std::pair<std::string, const ir::Rule*>> after_;
};

void add_same(const ir::Table& table, const ir::Chain* before, const ir::Chain* after,
              net::Family family, Moved& moved, set::SameRules& same) {
  if ((before == nullptr || !remembers(*before)) && (after == nullptr || !remembers(*after)))
    return;
  static const std::vector<ir::Rule> kNone;
  const std::vector<ir::Rule>& old_rules = before == nullptr ? kNone : before->rules;
  const std::vector<ir::Rule>& new_rules = after == nullptr ? kNone : after->rules;
  const std::string where =
      fmt::format("{} {}\n", table.name, before == nullptr ? after->name : before->name);
  std::vector<bool> left(old_rules.size(), true);
  const auto stays = staying(old_rules, new_rules, family);
  for (size_t i = 0; i < new_rules.size(); ++i) {
    if (stays[i]) left[*stays[i]] = false;
    if (!remembers(new_rules[i])) continue;
    if (stays[i]) {
      same.emplace(&new_rules[i], &old_rules[*stays[i]]);
    } else {
      moved.add_after(where, new_rules[i]);
    }
  }
  for (size_t i = 0; i < old_rules.size(); ++i)
    if (left[i] && remembers(old_rules[i])) moved.add_before(where, old_rules[i]);
}

}  // namespace

bool same_rule(const ir::Rule& a, const ir::Rule& b) {
  if (!(a.head == b.head) || !(a.target == b.target)) return false;
  if (a.matches == b.matches) return true;
  std::vector<const ir::Match*> of_a;
  std::vector<const ir::Match*> of_b;
  for (const ir::Match& match : a.matches)
    if (!is_remark(match)) of_a.push_back(&match);
  for (const ir::Match& match : b.matches)
    if (!is_remark(match)) of_b.push_back(&match);
  return std::ranges::equal(of_a, of_b,
                            [](const ir::Match* x, const ir::Match* y) { return *x == *y; });
}

set::SameRules same_memories(const ir::Ruleset& before, const ir::Ruleset& after) {
  set::SameRules same;
  Moved moved;
  for (const ir::BuiltinTable& builtin : ir::builtin_tables()) {
    const ir::Table* const a = before.find(builtin.name);
    const ir::Table* const b = after.find(builtin.name);
    if (a != nullptr) {
      for (const ir::Chain& chain : a->chains) {
        add_same(*a, &chain, b == nullptr ? nullptr : b->find(chain.name), before.family, moved,
                 same);
      }
    }
    if (b == nullptr) continue;
    for (const ir::Chain& chain : b->chains) {
      if (a == nullptr || a->find(chain.name) == nullptr)
        add_same(*b, nullptr, &chain, before.family, moved, same);
    }
  }
  moved.pair(same);
  return same;
}

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
