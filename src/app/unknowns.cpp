// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/unknowns.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace bulkhead::app {

namespace {

using backend::sim::Truth;

constexpr size_t kMostTurned = 6;  // one by one; 64 evaluations
constexpr size_t kMostAskers = 63;
constexpr Unknowns::Answers kEveryOne = ~Unknowns::Answers{0};

bool is_limit(const ir::Condition& condition) {
  static constexpr std::string_view kNames[] = {"limit", "hashlimit", "connlimit", "recent",
                                                "quota", "rateest",   "statistic"};
  if (std::holds_alternative<ir::Limit>(condition)) return true;
  const auto* const opaque = std::get_if<ir::Opaque>(&condition);
  return opaque != nullptr && std::ranges::find(kNames, opaque->name) != std::end(kNames);
}

}  // namespace

Unknowns::Unknowns(const ir::Ruleset& rules, const net::PacketText& packet, Way way,
                   const Translation& translation)
    : rules_(rules), packet_(packet), way_(way), translation_(translation) {
  // An answer may lead to further rules that ask.
  for (Answers answers = 0; answers < Answers{1} << std::min(askers_.size(), kMostTurned);
       ++answers) {
    passes(answers);
    all_.push_back(answers);
  }
  if (askers_.size() > kMostTurned) {
    passes(kEveryOne);
    all_.push_back(kEveryOne);
  }
}

bool Unknowns::passes(Answers answers) {
  const auto found = fates_.find(answers);
  return found != fates_.end() ? found->second : (fates_[answers] = evaluate(answers));
}

bool Unknowns::evaluate(Answers answers) {
  const backend::sim::Oracle oracle = [&](const ir::Rule& rule, const ir::Condition& condition) {
    auto found = std::ranges::find(askers_, &rule, &Asker::rule);
    if (found == askers_.end() && askers_.size() < kMostAskers)
      found = askers_.insert(askers_.end(), Asker{&rule});
    const bool limit = std::holds_alternative<ir::Limit>(condition);
    if (found == askers_.end()) return limit ? Truth::kYes : Truth::kNo;
    const bool watches = ir::flow_of(rule.target.action) == ir::Flow::kGoesOn;
    found->limit |= is_limit(condition) && !watches;
    const bool turned = (answers >> (found - askers_.begin()) & 1) != 0;
    return limit != turned ? Truth::kYes : Truth::kNo;
  };
  return lets_pass(rules_, packet_, way_, oracle, translation_);
}

Unknowns::Answers Unknowns::limits_of(Answers answers) const {
  Answers limits = 0;
  for (size_t i = 0; i < askers_.size(); ++i)
    if (askers_[i].limit) limits |= Answers{1} << i;
  return limits & answers;
}

bool Unknowns::hangs_on_limits(Answers answers) {
  const Answers limits = limits_of(answers);
  return limits != 0 && passes(answers) != passes(answers & ~limits);
}

size_t Unknowns::limits() const {
  return static_cast<size_t>(std::ranges::count_if(askers_, &Asker::limit));
}

std::vector<std::string> Unknowns::names(Answers answers) const {
  std::vector<std::string> names;
  for (const ir::Table& table : rules_.tables) {
    for (const ir::Chain& chain : table.chains) {
      for (size_t i = 0; i < chain.rules.size(); ++i) {
        const auto found = std::ranges::find(askers_, &chain.rules[i], &Asker::rule);
        const bool named =
            found != askers_.end() && (answers >> (found - askers_.begin()) & 1) != 0;
        if (named) names.push_back(fmt::format("rule {} of {}", i + 1, chain.name));
      }
    }
  }
  return names;
}

}  // namespace bulkhead::app
