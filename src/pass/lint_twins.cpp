// SPDX-License-Identifier: GPL-2.0-or-later
// A rule has a twin if packets of the other family, to the same ports, are decided in the same way
// behind the same hook. Which rule does so, and in how many, is no matter.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "ir/dump.h"
#include "pass/call_graph.h"
#include "pass/lint.h"

namespace bulkhead::pass {

namespace {

constexpr unsigned kPortBits = 16;

bool is_of(const ir::Constraint& it, const ir::Field& field, const ir::ValueSet& values) {
  return it.field == &field && values.complement(kPortBits).intersected(it.values).empty();
}

// Conditions that only one family can ask: addresses, ICMP, IGMP, fragments, and DHCP (IPv6 has its
// own, on other ports).
bool of_one_family(const ir::Condition& condition) {
  const auto special = [](const ir::Constraint& it) {
    constexpr U128 kIcmp = 1, kIgmp = 2, kBootServer = 67, kBootClient = 68;
    const ir::ValueSet boot = ir::ValueSet::range(kBootServer, kBootClient);
    const bool address = it.field->kind == ir::Kind::kAddress;
    const bool protocol = it.field == &ir::kProtocol && (it.values == ir::ValueSet::of(kIcmp) ||
                                                         it.values == ir::ValueSet::of(kIgmp));
    return address || protocol || is_of(it, ir::kSourcePort, boot) ||
           is_of(it, ir::kDestinationPort, boot) || it.field->v6.base == ir::Base::kNone;
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

// What a rule means in any family.
struct Meaning {
  std::string words;   // all but the ports that it is about
  ir::ValueSet ports;  // to them
};

// Nothing where that is no question.
std::optional<Meaning> meaning(const ir::Rule& rule, net::Family family) {
  const ir::Action& action = rule.target.action;
  if (!decides(action)) return std::nullopt;
  const std::string verdict = std::holds_alternative<ir::Accept>(action) ? "accept" : "refuse";
  ir::ValueSet ports = ir::ValueSet::range(0, low_bits(kPortBits));
  std::set<std::string> conditions;
  const auto add = [&](const ir::Predicate& predicate) {
    for (const ir::Condition& condition : predicate) {
      if (of_one_family(condition)) return false;
      const auto* one = std::get_if<ir::Constraint>(&condition);
      // Who asks for a port asks for the header; multiport and tcp do it in different ways.
      const auto* header = std::get_if<ir::Header>(&condition);
      if (one != nullptr && one->field == &ir::kDestinationPort) {
        ports = ports.intersected(one->values);
      } else if (header == nullptr || header->tcp_option != 0) {
        conditions.insert(ir::dump(condition, family));
      }
    }
    return true;
  };
  if (!add(rule.head.predicate)) return std::nullopt;
  for (const ir::Match& match : rule.matches)
    if (!add(match.predicate)) return std::nullopt;
  Meaning found{.words = verdict, .ports = std::move(ports)};
  for (const std::string& condition : conditions) found.words += "; " + condition;
  return found;
}

// The built-in chains from which packets come into each chain.
std::vector<std::set<std::string>> entries_of(const ir::Table& table) {
  std::vector<std::set<std::string>> entries(table.chains.size());
  const CallGraph graph(table);
  for (size_t i = 0; i < table.chains.size(); ++i) {
    if (!table.chains[i].builtin()) continue;
    const std::vector<bool> reached = graph.reached_from(i);
    for (size_t k = 0; k < reached.size(); ++k)
      if (reached[k]) entries[k].insert(table.chains[i].name);
  }
  return entries;
}

// The ports that a family's rules decide, by built-in chain and by what else they mean.
using Decided = std::map<std::pair<std::string, std::string>, ir::ValueSet>;

Decided decided(const ir::Table& table, net::Family family) {
  Decided all;
  const auto entries = entries_of(table);
  for (size_t i = 0; i < table.chains.size(); ++i) {
    const ir::Chain& chain = table.chains[i];
    for (const ir::Rule& rule : chain.rules) {
      const auto it = meaning(rule, family);
      if (!it) continue;
      for (const std::string& entry : entries[i]) {
        ir::ValueSet& ports = all[{entry, it->words}];
        ports = ports.united(it->ports);
      }
    }
    // What comes to the end of the chain meets the policy as it would meet a last rule.
    if (chain.policy) {
      const bool accepts = chain.policy == ir::Policy::kAccept;
      all[{chain.name, accepts ? "accept" : "refuse"}] =
          ir::ValueSet::range(0, low_bits(kPortBits));
    }
  }
  return all;
}

// Whether a rule of the chain refuses all that comes to it.
bool refuses_rest(const ir::Chain& chain, net::Family family) {
  return std::ranges::any_of(chain.rules, [&](const ir::Rule& rule) {
    const auto it = meaning(rule, family);
    return it && it->words == "refuse" && it->ports.complement(kPortBits).empty();
  });
}

}  // namespace

std::vector<Lint> lint_twins(const ir::Ruleset& v4, const ir::Ruleset& v6) {
  const ir::Table* here = v4.find("filter");
  if (here == nullptr) return {};
  const ir::Table nothing = ir::empty_table("filter");
  const ir::Table* there = v6.find("filter");
  if (there == nullptr) there = &nothing;

  const Decided twins = decided(*there, net::Family::kIpv6);
  const auto has_twin = [&](const std::string& entry, const Meaning& it) {
    const auto twin = twins.find({entry, it.words});
    return twin != twins.end() && twin->second.complement(kPortBits).intersected(it.ports).empty();
  };
  const auto entries = entries_of(*here);
  std::vector<Lint> found;
  for (size_t number = 0; number < here->chains.size(); ++number) {
    const ir::Chain& chain = here->chains[number];
    const ir::Chain* twin = there->find(chain.name);
    if (chain.policy == ir::Policy::kDrop && twin != nullptr &&
        twin->policy == ir::Policy::kAccept && !refuses_rest(*twin, net::Family::kIpv6)) {
      found.push_back({.kind = LintKind::kNoTwin,
                       .place = {"filter", chain.name, {}},
                       .words = "the policy is DROP here and ACCEPT for IPv6",
                       .others = {}});
    }
    for (size_t i = 0; i < chain.rules.size(); ++i) {
      const auto it = meaning(chain.rules[i], net::Family::kIpv4);
      if (!it || std::ranges::all_of(entries[number], [&](const std::string& entry) {
            return has_twin(entry, *it);
          }))
        continue;
      found.push_back({.kind = LintKind::kNoTwin,
                       .place = {"filter", chain.name, i},
                       .words = "IPv6 has no such rule",
                       .others = {}});
    }
  }
  return found;
}

}  // namespace bulkhead::pass
