// SPDX-License-Identifier: GPL-2.0-or-later
// IPv6: what it opens, and what it can't do without.
#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "set/witness.h"

namespace bulkhead::app::audit {

namespace {

using ir::CtState;
using ir::ValueSet;
using net::Direction;
using set::Node;

ValueSet minus(const ValueSet& a, const ValueSet& b) { return a.intersected(b.complement(16)); }

// Packets of a type of ICMPv6 that may not get in.
Node stopped(const Rules& rules, unsigned type, Node care) {
  Packets& packets = rules.packets;
  return packets.all({packets.at(Direction::kInput), care,
                      packets.of(ir::kProtocol, ValueSet::of(net::kIcmp6)),
                      packets.of(set::kIcmpTypeAndCode, ValueSet::of(type << 8)),
                      packets.may_stop(Direction::kInput)});
}

std::optional<Finding> shut_out(const Rules& rules, unsigned type, Node care,
                                std::string_view what) {
  const Node out = stopped(rules, type, care);
  if (out == set::kNothing) return {};
  Finding finding{.text = fmt::format("{} (type {}) doesn't get in", what, type),
                  .family = net::Family::kIpv6,
                  .witness = rules.packets.witness(out, Direction::kInput)};
  if (finding.witness) {
    finding.remedy =
        appended_or_inserted(rules.rules, finding.witness->packet, Direction::kInput, true,
                             fmt::format("-p ipv6-icmp -m icmp6 --icmpv6-type {} -j ACCEPT", type));
  }
  return finding;
}

}  // namespace

Answer ip6_as_ip4(const Rules& rules) {
  Packets& packets = rules.packets;
  const auto& ip6 = packets.openings();
  if (rules.ip4 == nullptr) return not_applicable("there are no IPv4 rules to compare with");
  if (!ip6) return unknown("rules look at parts of ports");
  std::vector<Finding> findings;
  const auto differs = [&](uint8_t protocol, const ValueSet& ports, bool more,
                           std::string_view how) {
    if (ports.empty()) return;
    const Node care =
        more ? packets.reaching(Direction::kInput, packets.newcomers(), protocol, ports)
             : packets.arena().subtract(
                   packets.all({packets.newcomers(), packets.usual(),
                                packets.of(ir::kProtocol, ValueSet::of(protocol)),
                                packets.of(ir::kDestinationPort, ports)}),
                   packets.may_pass(Direction::kInput));
    Finding finding{.text = fmt::format("{} {}", port_words(protocol, ports), how),
                    .family = net::Family::kIpv6,
                    .witness = packets.witness(care, Direction::kInput)};
    Commands commands;
    for (const ir::Interval& range : ports.intervals()) {
      const std::string match =
          fmt::format("-p {} --dport {}", protocol_word(protocol), dport_words(range));
      commands.push_back(
          command(net::Family::kIpv6, more ? fmt::format("-I INPUT ! -i lo {} -j DROP", match)
                                           : fmt::format("-A INPUT {} -j ACCEPT", match)));
    }
    finding.remedy = more ? closed_or(rules, finding.witness, std::move(commands)) : commands;
    findings.push_back(std::move(finding));
  };
  for (const uint8_t protocol : kPortProtocols) {
    const size_t i = Openings::index(protocol);
    differs(protocol, minus(ip6->any[i], rules.ip4->any[i]), true,
            "open to any over IPv6, and not over IPv4");
    differs(protocol, minus(minus(ip6->some[i], ip6->any[i]), rules.ip4->some[i]), true,
            "open to some over IPv6, and shut over IPv4");
    differs(protocol, minus(rules.ip4->any[i], ip6->any[i]), false,
            "open to any over IPv4, and not over IPv6");
  }
  return fail_of(std::move(findings));
}

Answer neighbour_discovery(const Rules& rules) {
  Packets& packets = rules.packets;
  const net::Network link[] = {
      {{net::Family::kIpv6, U128{0xfe80} << 112}, net::prefix_mask(net::Family::kIpv6, 10)}};
  // Connection tracking doesn't look at them; a router's hop limit would betray it (RFC 4861).
  const Node care =
      packets.all({packets.states({CtState::kUntracked}), packets.source_in(link),
                   packets.destination_in(link), packets.of(kHopLimit, ValueSet::of(255))});
  static constexpr std::pair<unsigned, std::string_view> kTypes[] = {
      {133, "router solicitation"},
      {134, "router advertisement"},
      {135, "neighbour solicitation"},
      {136, "neighbour advertisement"}};
  std::vector<Finding> findings;
  for (const auto& [type, name] : kTypes)
    if (auto finding = shut_out(rules, type, care, name)) findings.push_back(*std::move(finding));
  return fail_of(std::move(findings));
}

Answer packet_too_big(const Rules& rules) {
  // A few peers may be banned.
  Packets& packets = rules.packets;
  const Node about_us = packets.states({CtState::kRelated});
  if (!packets.from_any(stopped(rules, 2, about_us))) return pass();
  if (auto finding = shut_out(rules, 2, about_us, "packet-too-big about our own connections"))
    return fail_of({*std::move(finding)});
  return pass();
}

}  // namespace bulkhead::app::audit
