// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/refutation.h"

#include <algorithm>

#include <fmt/format.h>

#include "set/space.h"

namespace bulkhead::app {

namespace {

using backend::sim::Truth;

// What can't be read off the packet: the kernel's own matches answer as in the counter-example, the
// others as `bulkhead explain` takes them (a limit has room, a recent list has no such address) but
// for the rules of these bits, counted as they are asked.
class Guess {
 public:
  Guess(const CounterExample& example, uint32_t bits) : example_(example), bits_(bits) {}

  Truth operator()(const ir::Rule& rule, const ir::Condition& condition) {
    if (const auto* opaque = std::get_if<ir::Opaque>(&condition); opaque && !opaque->stateful)
      return known(set::question_of(*opaque));
    auto found = std::ranges::find(asked_, &rule);
    if (found == asked_.end()) found = asked_.insert(asked_.end(), &rule);
    const auto bit = static_cast<uint32_t>(found - asked_.begin());
    const bool turned = bit < 32 && (bits_ >> bit & 1) != 0;
    return std::holds_alternative<ir::Limit>(condition) != turned ? Truth::kYes : Truth::kNo;
  }

  const std::vector<const ir::Rule*>& asked() const { return asked_; }

 private:
  Truth known(const std::string& question) const {
    const auto answer = example_.answers.find(question);
    return answer != example_.answers.end() && answer->second ? Truth::kYes : Truth::kNo;
  }

  const CounterExample& example_;
  uint32_t bits_;
  std::vector<const ir::Rule*> asked_;
};

std::string name_of(const ir::Ruleset& rules, const ir::Rule* rule) {
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) {
      for (size_t i = 0; i < chain.rules.size(); ++i) {
        if (&chain.rules[i] == rule) return fmt::format("rule {} of {}", i + 1, chain.name);
      }
    }
  }
  return "a rule";
}

}  // namespace

std::optional<Decider> decider_of(const ir::Ruleset& rules, const Explanation& explanation) {
  const Passage* deciding = nullptr;
  for (const Passage& passage : explanation.passages) {
    if (passage.table == "filter" || passage.verdict != backend::sim::Verdict::kAccept)
      deciding = &passage;
  }
  if (deciding == nullptr || deciding->met.empty()) return std::nullopt;
  const MetRule& last = deciding->met.back();
  Decider decider{deciding->table, last.chain, last.number, last.rule, {}};
  const ir::Table* table = rules.find(decider.table);
  const ir::Chain* chain = table == nullptr ? nullptr : table->find(decider.chain);
  if (chain != nullptr && last.number && *last.number <= chain->rules.size())
    decider.span = chain->rules[*last.number - 1].span;
  return decider;
}

Refutation refutation_of(const ir::Ruleset& rules, const CounterExample& example) {
  constexpr uint32_t kMost = 1 << 8;
  Refutation result;
  uint32_t ways = 1;
  for (uint32_t i = 0; i < ways; ++i) {
    Guess guess(example, i);
    const Explanation explanation =
        explain(rules, example.packet, example.direction, std::ref(guess));
    const bool passes = explanation.verdict == backend::sim::Verdict::kAccept;
    result.agrees = passes == example.passes;
    if (i == 0 || result.agrees) {
      result.explanation = explanation;
      result.hangs_on.clear();
      if (!example.certain)
        for (const ir::Rule* rule : guess.asked()) result.hangs_on.push_back(name_of(rules, rule));
    }
    if (result.agrees) break;
    ways =
        std::max(ways, std::min(kMost, uint32_t{1} << std::min<size_t>(guess.asked().size(), 8)));
  }
  result.decider = decider_of(rules, result.explanation);
  return result;
}

}  // namespace bulkhead::app
