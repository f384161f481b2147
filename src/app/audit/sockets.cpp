// SPDX-License-Identifier: GPL-2.0-or-later
// The rules and the sockets of a host: each knows of the other.
#include <algorithm>

#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"

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

// The packets that no rule of INPUT decides.
Node left_to_policy(const Rules& rules) {
  const ir::Table* const table = rules.rules.find("filter");
  if (table == nullptr) return set::kEverything;
  return rules.packets.model().where(
      rules.packets.functions().table(*table).of(*table->find("INPUT")),
      [](std::span<const set::Outcome> possible) {
        return std::ranges::none_of(
            possible, [](const set::Outcome& it) { return it.flow == set::Flow::kDecided; });
      });
}

// The rule that opens idle ports alone is taken away; another one stays, and these are shut before
// it.
Commands shut(const Rules& rules, const std::optional<Witness>& witness, uint8_t protocol,
              const ValueSet& idle) {
  if (witness) {
    const Decider decider = decider_of(rules.rules, witness->packet, Direction::kInput);
    bool only_idle = decider.written == nullptr;
    if (decider.written != nullptr) {
      const auto ports = rules.packets.values(rules.packets.model().of(*decider.written).holds,
                                              ir::kDestinationPort);
      only_idle = ports && ports->intersected(idle) == *ports;
    }
    if (only_idle) return without_decider(rules, *witness, Direction::kInput);
  }
  Commands commands;
  for (const ir::Interval& range : idle.intervals()) {
    commands.push_back(
        command(rules.rules.family, fmt::format("-I INPUT ! -i lo -p {} --dport {} -j DROP",
                                                protocol_word(protocol), dport_words(range))));
  }
  return commands;
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
  std::vector<Finding> findings;
  for (const uint8_t protocol : kPortProtocols) {
    ValueSet idle;
    ValueSet ssh;  // has checks of its own, and its service may just be starting anew
    for (const uint16_t port : rules.declared.ssh_ports) ssh = ssh.united(ValueSet::of(port));
    for (const ir::Interval& range : openings->some[Openings::index(protocol)].intervals()) {
      const bool used = std::ranges::any_of(listeners, [&](const Listener& it) {
        return it.protocol == protocol && range.first <= it.port && it.port <= range.last;
      });
      if (!used) idle = idle.united(ValueSet{range});
    }
    if (protocol == net::kTcp) idle = idle.intersected(ssh.complement(16));
    if (idle.empty()) continue;
    const Node reaching = packets.reaching(Direction::kInput, packets.newcomers(), protocol, idle);
    Finding finding{
        .text = fmt::format("open, and nothing listens: {}", port_words(protocol, idle)),
        .family = rules.rules.family,
        .witness = packets.witness(reaching, Direction::kInput)};
    finding.remedy = shut(rules, finding.witness, protocol, idle);
    findings.push_back(std::move(finding));
  }
  return fail_of(std::move(findings));
}

}  // namespace bulkhead::app::audit
