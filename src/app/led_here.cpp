// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/who.h"
#include "net/names.h"
#include "pass/call_graph.h"

namespace bulkhead::app {

namespace {

constexpr unsigned kPortBits = 16;

// What all of the rule's conditions leave of a field.
ir::ValueSet asked_of(const ir::Rule& rule, const ir::Field& field, unsigned width) {
  ir::ValueSet values = ir::ValueSet::range(0, low_bits(width));
  const auto take = [&](const ir::Predicate& predicate) {
    for (const ir::Condition& condition : predicate) {
      const auto* const one = std::get_if<ir::Constraint>(&condition);
      if (one != nullptr && one->field == &field &&
          (one->mask & low_bits(width)) == low_bits(width))
        values = values.intersected(one->values);
    }
  };
  take(rule.head.predicate);
  for (const ir::Match& match : rule.matches) take(match.predicate);
  return values;
}

// The built-in chain and those that packets get to from it.
std::vector<const ir::Chain*> chains_below(const ir::Table& table, std::string_view from) {
  std::vector<const ir::Chain*> chains;
  const ir::Chain* const first = table.find(from);
  if (first == nullptr) return chains;
  const std::vector<bool> reached =
      pass::CallGraph(table).reached_from(static_cast<size_t>(first - table.chains.data()));
  for (size_t i = 0; i < reached.size(); ++i)
    if (reached[i]) chains.push_back(&table.chains[i]);
  return chains;
}

std::string ports_text(const ir::ValueSet& ports) {
  std::vector<std::string> words;
  for (const ir::Interval& each : ports.intervals()) {
    const auto first = static_cast<unsigned>(each.first);
    const auto last = static_cast<unsigned>(each.last);
    words.push_back(first == last ? std::to_string(first) : fmt::format("{}-{}", first, last));
  }
  return fmt::format("{}", fmt::join(words, ","));
}

std::string to_text(const ir::Nat& nat) {
  if (!nat.addresses) return {};
  std::string address = net::to_string(nat.addresses->first);
  if (nat.addresses->first.family == net::Family::kIpv6) address = "[" + address + "]";
  return fmt::format("{}{}:{}", address, nat.addresses->first == nat.addresses->last ? "" : "...",
                     ports_text(ir::ValueSet::range(nat.ports->first, nat.ports->last)));
}

// Where the translation may lead to the hook.
bool leads_to(const ir::Nat& nat, net::Direction direction) {
  if (!nat.ports) return false;
  if (nat.kind == ir::Nat::Kind::kRedirect) return direction != net::Direction::kForward;
  return nat.kind == ir::Nat::Kind::kDnat &&
         (nat.addresses || direction != net::Direction::kForward);
}

}  // namespace

std::vector<LedHere> led_to(const ir::Ruleset& rules, const policy::Services& service,
                            net::Direction direction) {
  std::vector<LedHere> led;
  const ir::Table* const nat = rules.find("nat");
  if (nat == nullptr || service.negated) return led;
  const bool out = direction == net::Direction::kOutput;
  for (const ir::Chain* const chain : chains_below(*nat, out ? "OUTPUT" : "PREROUTING")) {
    for (size_t i = 0; i < chain->rules.size(); ++i) {
      const auto* const translation = std::get_if<ir::Nat>(&chain->rules[i].target.action);
      if (translation == nullptr || !leads_to(*translation, direction)) continue;
      const auto ports = ir::ValueSet::range(translation->ports->first, translation->ports->last);
      for (const policy::Service& each : service.any_of) {
        if (!each.protocol || !each.ports || each.ports->intersected(ports).empty()) continue;
        if (!asked_of(chain->rules[i], ir::kProtocol, 8).contains(*each.protocol)) continue;
        const ir::ValueSet sent_to = asked_of(chain->rules[i], ir::kDestinationPort, kPortBits);
        const ir::ValueSet others = sent_to.intersected(each.ports->complement(kPortBits));
        if (others.empty()) continue;
        const std::string protocol = net::protocol_text(
            *each.protocol, net::SystemNames(net::SystemNames::Hosts::kNotAsked));
        const bool any = sent_to == ir::ValueSet::range(0, low_bits(kPortBits));
        const bool one = others.intervals().size() == 1;
        const bool single = one && others.intervals()[0].first == others.intervals()[0].last;
        led.push_back({.chain = chain->name,
                       .number = i + 1,
                       .packets = any ? fmt::format("any other {} port", protocol)
                                      : fmt::format("{} port{} {}", protocol, single ? "" : "s",
                                                    ports_text(others)),
                       .to = to_text(*translation),
                       .service = any   ? protocol
                                  : one ? fmt::format("{}/{}", protocol, ports_text(others))
                                        : ""});
      }
    }
  }
  return led;
}

}  // namespace bulkhead::app
