// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/sim/simulator.h"

#include <algorithm>
#include <cassert>

#include "backend/sim/changing.h"
#include "backend/sim/reading.h"

namespace bulkhead::backend::sim {

namespace {

Truth default_oracle(const ir::Rule&, const ir::Condition& condition) {
  return std::holds_alternative<ir::Limit>(condition) ? Truth::kYes : Truth::kUnknown;
}

class Walk {
 public:
  // The outcome's packet is the one that walks; `layout` is its.
  Walk(const ir::Table& table, const net::Layout& layout, const Oracle& oracle, Outcome& outcome)
      : table_(table), reading_(outcome.packet, layout), oracle_(oracle), outcome_(outcome) {}

  // True if the verdict fell here; false if the packet came back out of the chain.
  bool decide(const ir::Chain& chain, unsigned depth);

 private:
  struct Asked {
    Truth matched = Truth::kYes;
    bool hotdrop = false;
  };
  Asked ask(const ir::Rule& rule);
  bool finish(Verdict verdict, ir::Action action);

  const ir::Table& table_;
  const Reading reading_;
  const Oracle& oracle_;
  Outcome& outcome_;
};

bool Walk::finish(Verdict verdict, ir::Action action) {
  outcome_.verdict = verdict;
  outcome_.decided_by = std::move(action);
  return true;
}

// The first condition that doesn't hold ends the asking. One that can't be known doesn't: what
// stands behind it may still say no.
Walk::Asked Walk::ask(const ir::Rule& rule) {
  Truth matched = Truth::kYes;
  const auto holds = [&](const ir::Condition& condition) {
    const Answer answer = reading_.ask(condition);
    if (answer == Answer::kAsk) {
      outcome_.depends = true;
      return oracle_ ? oracle_(rule, condition) : default_oracle(rule, condition);
    }
    return answer == Answer::kYes ? Truth::kYes : Truth::kNo;
  };
  const auto ask_all = [&](const ir::Predicate& predicate) {
    for (const ir::Condition& condition : predicate) {
      if (matched == Truth::kYes && reading_.ask(condition) == Answer::kDropped)
        return Asked{Truth::kNo, true};
      const Truth one = holds(condition);
      if (one == Truth::kNo) return Asked{Truth::kNo, false};
      if (one == Truth::kUnknown) matched = Truth::kUnknown;
    }
    return Asked{matched, false};
  };
  Asked asked = ask_all(rule.head.predicate);
  for (auto match = rule.matches.begin();
       match != rule.matches.end() && asked.matched != Truth::kNo; ++match) {
    asked = ask_all(match->predicate);
  }
  return asked;
}

bool Walk::decide(const ir::Chain& chain, unsigned depth) {
  for (size_t i = 0; i < chain.rules.size(); ++i) {
    const ir::Rule& rule = chain.rules[i];
    const Asked asked = ask(rule);
    outcome_.trace.push_back({&chain, i, asked.matched, depth, asked.hotdrop});
    if (asked.hotdrop) return finish(Verdict::kDrop, ir::Drop{});
    if (asked.matched != Truth::kYes) continue;

    const ir::Action& action = rule.target.action;
    if (!change(outcome_.packet, action)) return finish(Verdict::kDrop, ir::Drop{});
    if (std::holds_alternative<ir::Accept>(action)) return finish(Verdict::kAccept, action);
    if (std::holds_alternative<ir::Drop>(action)) return finish(Verdict::kDrop, action);
    if (std::holds_alternative<ir::Reject>(action)) return finish(Verdict::kReject, action);
    if (const auto* nat = std::get_if<ir::Nat>(&action)) {
      outcome_.translated = *nat;
      return finish(Verdict::kAccept, action);
    }
    // Whether a socket takes the packet isn't known here; nor what the kernel's own target says.
    if (ir::flow_of(action) == ir::Flow::kDecides) {
      outcome_.depends = true;
      return finish(Verdict::kAccept, action);
    }
    if (std::holds_alternative<ir::Return>(action)) return false;
    if (const auto* jump = std::get_if<ir::Jump>(&action)) {
      const ir::Chain* target = table_.find(jump->chain);
      assert(target);
      if (decide(*target, depth + 1)) return true;
      if (jump->is_goto) return false;
    }
  }
  return false;
}

const ir::Chain* chain_at(const ir::Table& table, ir::Hook hook) {
  const ir::BuiltinTable* builtin = ir::builtin_table(table.name);
  const auto found = std::ranges::find(builtin->chains, hook, &ir::BuiltinChain::hook);
  return found == builtin->chains.end() ? nullptr : table.find(found->name);
}

}  // namespace

Outcome evaluate(const ir::Ruleset& rules, std::string_view table_name, const Packet& packet,
                 const Oracle& oracle) {
  Outcome outcome{.decided_by = ir::Accept{}, .packet = packet, .translated = {}};
  const auto layout = net::parse_layout(packet.bytes);
  assert(layout && layout->family == rules.family);
  const ir::Table* table = rules.find(table_name);
  const ir::Chain* chain = table ? chain_at(*table, packet.hook) : nullptr;
  if (!chain) return outcome;

  if (Walk(*table, *layout, oracle, outcome).decide(*chain, 0)) return outcome;
  const bool accepts = *chain->policy == ir::Policy::kAccept;
  outcome.trace.push_back({chain, chain->rules.size(), Truth::kYes, 0, false});
  outcome.verdict = accepts ? Verdict::kAccept : Verdict::kDrop;
  outcome.decided_by = accepts ? ir::Action{ir::Accept{}} : ir::Action{ir::Drop{}};
  return outcome;
}

void count(const Outcome& outcome, const Packet& packet, ir::Table& table) {
  for (const Met& met : outcome.trace) {
    if (met.matched != Truth::kYes) continue;
    ir::Chain* chain = table.find(met.chain->name);
    assert(chain && met.rule <= chain->rules.size());
    const bool is_policy = met.rule == chain->rules.size();
    ir::Counters& counters = is_policy ? chain->policy_counters : chain->rules[met.rule].counters;
    counters = counters + ir::Counters{1, packet.bytes.size()};
  }
}

}  // namespace bulkhead::backend::sim
