// SPDX-License-Identifier: GPL-2.0-or-later
// What is open to any: services that shouldn't be, and everything.
#include <algorithm>

#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "set/witness.h"

namespace bulkhead::app::audit {

namespace {

using ir::ValueSet;
using net::Direction;
using set::Node;

ValueSet range_of(const Ports& ports) { return ValueSet::range(ports.first, ports.last); }

// The administrative ports that packets of `care` get to from any, by one protocol.
struct Open {
  ValueSet ports;
  Node packets = set::kNothing;
};
Open open_admin_ports(const Rules& rules, Direction direction, Node care, uint8_t protocol) {
  Open open;
  for (const Ports& ports : admin_ports()) {
    // ssh has checks of its own.
    const bool ssh = std::ranges::any_of(rules.declared.ssh_ports, [&](uint16_t port) {
      return ports.first <= port && port <= ports.last;
    });
    if (ssh && protocol == net::kTcp && direction == Direction::kInput && ports.first == ports.last)
      continue;
    const Node reaching = rules.packets.reaching(direction, care, protocol, range_of(ports));
    if (!rules.packets.from_any(reaching)) continue;
    open.ports = open.ports.united(range_of(ports));
    open.packets = rules.packets.arena().unite(open.packets, reaching);
  }
  return open;
}

Answer admin_ports_open(const Rules& rules, Direction direction, Node care, std::string_view how) {
  std::vector<Finding> findings;
  for (const uint8_t protocol : kPortProtocols) {
    const Open open = open_admin_ports(rules, direction, care, protocol);
    if (open.ports.empty()) continue;
    Finding finding{.text = fmt::format("{} {}", port_words(protocol, open.ports), how),
                    .family = rules.rules.family,
                    .witness = rules.packets.witness(open.packets, direction)};
    finding.remedy = shut(rules, finding.witness, direction, protocol, open.ports);
    finding.otherwise = {dropped_first(rules.rules.family, direction, protocol, open.ports)};
    findings.push_back(std::move(finding));
  }
  return fail_of(std::move(findings));
}

}  // namespace

Answer no_open_admin_port(const Rules& rules) {
  return admin_ports_open(rules, Direction::kInput, rules.packets.newcomers(), "open to any");
}

Answer no_published_admin_port(const Rules& rules) {
  Packets& packets = rules.packets;
  Node published =
      packets.all({packets.at(Direction::kForward), packets.states({ir::CtState::kNew}),
                   packets.redirected(Direction::kForward)});
  // What is published on a loopback address only this host gets to.
  const net::Network loopback[] = {loopback_network(rules.rules.family)};
  if (!routes_loopback(rules))
    published = packets.arena().subtract(published, packets.destination_in(loopback));
  if (published == set::kNothing) return pass("nothing is published");
  return admin_ports_open(rules, Direction::kForward, published, "published to any");
}

Answer no_any_any(const Rules& rules) {
  static constexpr const ir::Field* kFields[] = {&ir::kSource, &ir::kDestinationPort};
  static constexpr double kMuch = 1.0 / 16;
  Packets& packets = rules.packets;
  std::vector<Finding> findings;
  for (const Direction direction : {Direction::kInput, Direction::kForward}) {
    Node passing = packets.all({packets.at(direction), packets.states({ir::CtState::kNew}),
                                packets.may_pass(direction), packets.usual()});
    // A router's rules go by interface: that it forwards from one to another is what it is for.
    if (direction == Direction::kForward && rules.declared.forwarding) {
      const ValueSet unnamed = ValueSet::of(set::interface_value(kUnnamedInterface));
      passing = packets.all(
          {passing, packets.of(ir::kInInterface, unnamed), packets.of(ir::kOutInterface, unnamed)});
    }
    for (const uint8_t protocol : kPortProtocols) {
      const Node one = packets.all({passing, packets.of(ir::kProtocol, ValueSet::of(protocol))});
      if (one == set::kNothing || packets.share(one, kFields) <= kMuch) continue;
      // Neither from somebody who is named nor to a service that is offered.
      const Node odd =
          packets.all({one, packets.of(ir::kDestinationPort, ValueSet::range(32768, 60999))});
      Finding finding{.text = fmt::format("{}: {} from any to any port is accepted",
                                          chain_of(direction), protocol_word(protocol)),
                      .family = rules.rules.family,
                      .witness = packets.witness(odd == set::kNothing ? one : odd, direction)};
      if (finding.witness) finding.remedy = without_decider(rules, *finding.witness);
      findings.push_back(std::move(finding));
      break;  // the other protocol's would say the same
    }
  }
  return fail_of(std::move(findings));
}

}  // namespace bulkhead::app::audit
