// SPDX-License-Identifier: GPL-2.0-or-later
// The rules and the sockets of a host: each knows of the other.
#include <algorithm>

#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "app/audit/variants.h"
#include "pass/chain_functions.h"

namespace bulkhead::app::audit {

namespace {

using ir::ValueSet;
using net::Direction;
using set::Node;

// A socket of :: takes IPv4 too, unless it was told not to, which /proc doesn't say.
bool serves(const Listener& listener, net::Family family) {
  if (listener.address) {
    const net::Network loopback = loopback_network(listener.address->family);
    return listener.address->family == family && !loopback.contains(*listener.address);
  }
  return listener.family == family || family == net::Family::kIpv4;
}

std::vector<Listener> listeners_of(const Rules& rules) {
  std::vector<Listener> found;
  for (const Listener& listener : *rules.host->listeners) {
    const bool known = std::ranges::any_of(found, [&](const Listener& it) {
      return it.protocol == listener.protocol && it.port == listener.port;
    });
    if (serves(listener, rules.rules.family) && !known) found.push_back(listener);
  }
  std::ranges::sort(found, {}, [](const Listener& it) { return std::pair(it.protocol, it.port); });
  return found;
}

// The packets that no rule of INPUT decides because of their port.
Node left_to_policy(const Rules& rules) {
  const ir::Table* const table = rules.rules.find("filter");
  if (table == nullptr) return set::kEverything;
  // Who is banned, or trusted, says nothing of a service.
  const ir::Table naming = naming_ports(*table);
  return rules.packets.model().where(
      pass::ChainFunctions(rules.packets.model(), naming).of(*naming.find("INPUT")),
      [](std::span<const set::Outcome> possible) {
        return std::ranges::none_of(
            possible, [](const set::Outcome& it) { return it.flow == set::Flow::kDecided; });
      });
}

// The ranges of destination ports that rules name.
std::vector<ir::Interval> named_ranges(const ir::Ruleset& rules) {
  std::vector<ir::Interval> found;
  const auto add = [&](const ir::Constraint& it) {
    if (it.field != &ir::kDestinationPort) return;
    found.insert(found.end(), it.values.intervals().begin(), it.values.intervals().end());
  };
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) {
      for (const ir::Rule& rule : chain.rules) {
        for (const ir::Match& match : rule.matches) {
          for (const ir::Condition& condition : match.predicate) {
            if (const auto* const one = std::get_if<ir::Constraint>(&condition)) add(*one);
            if (const auto* const any = std::get_if<ir::AnyOf>(&condition))
              std::ranges::for_each(any->alternatives, add);
          }
        }
      }
    }
  }
  return found;
}

// Of the open ports, those on which nothing listens: neither there nor elsewhere in a range that a
// rule opens as one.
ValueSet idle_ports(const std::vector<ir::Interval>& named, const ValueSet& open,
                    const std::vector<Listener>& listeners, uint8_t protocol) {
  const auto used = [&](const ir::Interval& range) {
    return std::ranges::any_of(listeners, [&](const Listener& it) {
      return it.protocol == protocol && range.first <= it.port && it.port <= range.last;
    });
  };
  ValueSet busy;
  ValueSet known;
  for (const ir::Interval& range : named) {
    known = known.united(ValueSet{range});
    if (used(range)) busy = busy.united(ValueSet{range});
  }
  const ValueSet unnamed = open.intersected(known.complement(16));
  for (const ir::Interval& range : unnamed.intervals())
    if (used(range)) busy = busy.united(ValueSet{range});
  return open.intersected(busy.complement(16));
}

}  // namespace

Answer listeners_have_rules(const Rules& rules) {
  if (!rules.host->listeners) return unknown("the host's sockets couldn't be read");
  Packets& packets = rules.packets;
  const Node left = left_to_policy(rules);
  std::vector<Finding> findings;
  for (const Listener& listener : listeners_of(rules)) {
    const ValueSet port = ValueSet::of(listener.port);
    const Node care = packets.all({packets.newcomers(), packets.usual(),
                                   packets.of(ir::kProtocol, ValueSet::of(listener.protocol)),
                                   packets.of(ir::kDestinationPort, port)});
    if (!packets.arena().covered(care, {left})) continue;
    const std::string words = port_words(listener.protocol, port);
    Finding finding{.text = fmt::format("something listens on {}, and no rule speaks of it", words),
                    .family = rules.rules.family,
                    .witness = packets.witness(care, Direction::kInput)};
    finding.remedy = {
        command(rules.rules.family, fmt::format("-A INPUT -p {} --dport {} -j DROP",
                                                protocol_word(listener.protocol), listener.port))};
    finding.note = "or -j ACCEPT, if it is offered to others";
    findings.push_back(std::move(finding));
  }
  return fail_of(std::move(findings));
}

Answer openings_have_listeners(const Rules& rules) {
  if (!rules.host->listeners) return unknown("the host's sockets couldn't be read");
  Packets& packets = rules.packets;
  const auto& openings = packets.openings();
  if (!openings) return unknown("rules look at parts of ports");
  const std::vector<Listener> listeners = listeners_of(rules);
  const std::vector<ir::Interval> named = named_ranges(rules.rules);
  std::vector<Finding> findings;
  for (const uint8_t protocol : kPortProtocols) {
    ValueSet ssh;  // has checks of its own, and its service may just be starting anew
    for (const uint16_t port : rules.declared.ssh_ports) ssh = ssh.united(ValueSet::of(port));
    ValueSet idle =
        idle_ports(named, openings->some[Openings::index(protocol)], listeners, protocol);
    if (protocol == net::kTcp) idle = idle.intersected(ssh.complement(16));
    if (idle.empty()) continue;
    const Node reaching = packets.reaching(Direction::kInput, packets.newcomers(), protocol, idle);
    Finding finding{
        .text = fmt::format("open, and nothing listens: {}", port_words(protocol, idle)),
        .family = rules.rules.family,
        .witness = packets.witness(reaching, Direction::kInput)};
    finding.remedy = shut(rules, finding.witness, Direction::kInput, protocol, idle);
    finding.otherwise = {dropped_first(rules.rules.family, Direction::kInput, protocol, idle)};
    findings.push_back(std::move(finding));
  }
  return fail_of(std::move(findings));
}

}  // namespace bulkhead::app::audit
