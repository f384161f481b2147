// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/service_abstraction.h"

#include <algorithm>
#include <optional>

namespace bulkhead::pass {

namespace {

bool is_known(const ir::Field& field) {
  return &field == &ir::kSource || &field == &ir::kDestination || &field == &ir::kProtocol ||
         &field == &ir::kSourcePort || &field == &ir::kDestinationPort || &field == &ir::kCtState ||
         &field == &ir::kFragmentOffset;
}

// A rule on its way.
struct Draft {
  ir::Predicate predicate;
  bool unknown = false;  // something else must hold, too
  std::optional<ir::ValueSet> interfaces;

  void add(const ir::Condition& condition) { std::visit(*this, condition); }

  void operator()(const ir::Constraint& it) {
    if (is_known(*it.field)) {
      predicate.emplace_back(it);
    } else if (it.field == &ir::kInInterface && !interfaces) {
      interfaces = it.values;
    } else {
      unknown = true;
    }
  }
  void operator()(const ir::AnyOf& it) {
    const bool known = std::ranges::all_of(
        it.alternatives, [](const ir::Constraint& each) { return is_known(*each.field); });
    if (known) {
      predicate.emplace_back(it);
    } else {
      unknown = true;
    }
  }
  void operator()(const ir::Header& it) {
    ir::Header header = it;
    header.tcp_option = 0;
    header.tcp_option_negated = false;
    predicate.emplace_back(header);
    unknown |= it.tcp_option != 0;
  }
  void operator()(const ir::Limit&) { unknown = true; }
  void operator()(const ir::Opaque&) { unknown = true; }
};

class Abstraction {
 public:
  Abstraction(const Arrivals& arrivals, net::Family family)
      : arrivals_(arrivals), width_(net::address_bits(family)) {}

  ir::Chain of(const ir::Chain& chain) const {
    ir::Chain made{.name = chain.name, .policy = chain.policy, .policy_counters = {}, .rules = {}};
    for (const ir::Rule& rule : chain.rules) add(rule, made.rules);
    return made;
  }

 private:
  void add(const ir::Rule& rule, std::vector<ir::Rule>& rules) const {
    Draft draft;
    for (const ir::Condition& condition : rule.head.predicate) draft.add(condition);
    for (const ir::Match& match : rule.matches) {
      for (const ir::Condition& condition : match.predicate) draft.add(condition);
    }
    if (!draft.interfaces) return add(draft, {}, draft.unknown, rule, rules);
    // Sources that come in there and nowhere else, and those that may.
    const ir::ValueSet sure = arrivals_.surely_come_in(*draft.interfaces);
    const ir::ValueSet perhaps =
        arrivals_.may_come_in(*draft.interfaces).intersected(sure.complement(width_));
    if (!sure.empty()) add(draft, sure, draft.unknown, rule, rules);
    if (!perhaps.empty()) add(draft, perhaps, true, rule, rules);
  }

  void add(const Draft& draft, const std::optional<ir::ValueSet>& sources, bool unknown,
           const ir::Rule& rule, std::vector<ir::Rule>& rules) const {
    ir::Rule made{.head = {.name = {}, .arguments = {}, .predicate = draft.predicate},
                  .matches = {},
                  .target = {.name = {}, .arguments = {}, .action = rule.target.action},
                  .counters = {}};
    if (sources)
      made.head.predicate.emplace_back(ir::Constraint{&ir::kSource, low_bits(width_), *sources});
    if (unknown) made.head.predicate.emplace_back(ir::Opaque{.name = "unknown", .bytes = {}});
    rules.push_back(std::move(made));
  }

  const Arrivals& arrivals_;
  unsigned width_;
};

}  // namespace

ir::Ruleset abstracted(const ir::Table& table, const ir::Chain& chain, const Interfaces& interfaces,
                       net::Family family) {
  const Arrivals arrivals(interfaces, unlisted(table, chain, interfaces), family);
  const Abstraction abstraction(arrivals, family);
  ir::Ruleset made{.family = family, .tables = {}};
  ir::Table& only = made.tables.emplace_back(ir::Table{.name = table.name, .chains = {}});
  for (const ir::Chain& each : table.chains) only.chains.push_back(abstraction.of(each));
  return made;
}

}  // namespace bulkhead::pass
