// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <optional>
#include <set>
#include <span>

#include "ir/dump.h"
#include "pass/lint.h"

namespace bulkhead::pass {

namespace {

// Conditions that only one family can ask: addresses, ICMP, fragments.
bool of_one_family(const ir::Condition& condition) {
  const auto special = [](const ir::Constraint& it) {
    constexpr U128 kIcmp = 1;
    const bool address = it.field->kind == ir::Kind::kAddress;
    const bool icmp = it.field == &ir::kProtocol && it.values == ir::ValueSet::of(kIcmp);
    return address || icmp || it.field->v6.base == ir::Base::kNone;
  };
  if (const auto* one = std::get_if<ir::Constraint>(&condition)) return special(*one);
  if (const auto* any = std::get_if<ir::AnyOf>(&condition))
    return std::ranges::any_of(any->alternatives, special);
  return std::holds_alternative<ir::Opaque>(condition);
}

bool decides(const ir::Action& action) {
  return std::holds_alternative<ir::Accept>(action) || std::holds_alternative<ir::Drop>(action) ||
         std::holds_alternative<ir::Reject>(action);
}

// What the rule means in any family; nothing where that is no question.
std::optional<std::string> meaning(const ir::Rule& rule, net::Family family) {
  const ir::Action& action = rule.target.action;
  if (!decides(action)) return std::nullopt;
  std::string words = std::holds_alternative<ir::Accept>(action) ? "accept" : "refuse";
  const auto add = [&](const ir::Predicate& predicate) {
    for (const ir::Condition& condition : predicate) {
      if (of_one_family(condition)) return false;
      words += "; " + ir::dump(condition, family);
    }
    return true;
  };
  if (!add(rule.head.predicate)) return std::nullopt;
  for (const ir::Match& match : rule.matches)
    if (!add(match.predicate)) return std::nullopt;
  return words;
}

}  // namespace

std::vector<Lint> lint_twins(const ir::Ruleset& v4, const ir::Ruleset& v6) {
  const ir::Table* here = v4.find("filter");
  if (here == nullptr) return {};
  const ir::Table nothing = ir::empty_table("filter");
  const ir::Table* there = v6.find("filter");
  if (there == nullptr) there = &nothing;

  std::set<std::string> twins;
  for (const ir::Chain& chain : there->chains) {
    for (const ir::Rule& rule : chain.rules)
      if (const auto words = meaning(rule, net::Family::kIpv6)) twins.insert(*words);
  }
  std::vector<Lint> found;
  for (const ir::Chain& chain : here->chains) {
    const ir::Chain* twin = there->find(chain.name);
    if (chain.policy == ir::Policy::kDrop && twin != nullptr &&
        twin->policy == ir::Policy::kAccept) {
      found.push_back({.kind = LintKind::kNoTwin,
                       .place = {"filter", chain.name, {}},
                       .words = "the policy is DROP here and ACCEPT for IPv6",
                       .others = {}});
    }
    for (size_t i = 0; i < chain.rules.size(); ++i) {
      const auto words = meaning(chain.rules[i], net::Family::kIpv4);
      if (!words || twins.contains(*words)) continue;
      found.push_back({.kind = LintKind::kNoTwin,
                       .place = {"filter", chain.name, i},
                       .words = "IPv6 has no such rule",
                       .others = {}});
    }
  }
  return found;
}

}  // namespace bulkhead::pass
