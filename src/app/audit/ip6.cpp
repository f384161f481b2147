// SPDX-License-Identifier: GPL-2.0-or-later
// IPv6: what it opens, and what it can't do without.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "set/projection.h"
#include "set/witness.h"

namespace bulkhead::app::audit {

namespace {

using ir::CtState;
using ir::ValueSet;
using net::Direction;
using set::Node;

ValueSet minus(const ValueSet& a, const ValueSet& b) { return a.intersected(b.complement(16)); }

// Packets of a type of ICMPv6.
Node sent(const Rules& rules, unsigned type, Node care) {
  Packets& packets = rules.packets;
  return packets.all({packets.at(Direction::kInput), packets.ordinary(Direction::kInput), care,
                      packets.of(ir::kProtocol, ValueSet::of(net::kIcmp6)),
                      packets.of(set::kIcmpTypeAndCode, ValueSet::of(type << 8))});
}

// Those of them that may not get in, by whatever interface.
Node stopped(const Rules& rules, unsigned type, Node care) {
  Packets& packets = rules.packets;
  const Node all = sent(rules, type, care);
  const Node passing =
      packets.arena().subtract(all, packets.untranslated_may_stop(Direction::kInput));
  return packets.arena().subtract(all, packets.by_some_interface(passing));
}

std::optional<Finding> shut_out(const Rules& rules, unsigned type, Node care,
                                std::string_view what) {
  const Node out = stopped(rules, type, care);
  if (out == set::kNothing) return {};
  Finding finding{
      .text = fmt::format("{} (type {}) may be stopped", what, type),
      .family = net::Family::kIpv6,
      .witness = rules.packets.witness(out, Direction::kInput, Packets::About::kStopped)};
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
    if (more) {
      finding.remedy = shut(rules, finding.witness, Direction::kInput, protocol, ports);
      finding.otherwise = {dropped_first(net::Family::kIpv6, Direction::kInput, protocol, ports)};
    } else if (const ValueSet& plain = rules.ip4->plain[Openings::index(protocol)];
               minus(ports, plain).empty()) {
      for (const ir::Interval& range : ports.intervals()) {
        finding.remedy.push_back(
            command(net::Family::kIpv6, fmt::format("-A INPUT -p {} --dport {} -j ACCEPT",
                                                    protocol_word(protocol), dport_words(range))));
      }
    } else {
      finding.note = "IPv4 lets them in under conditions, which IPv6 would have to ask for, too";
    }
    findings.push_back(std::move(finding));
  };
  // Those that are to be open to nobody have checks of their own, and mustn't be opened here.
  ValueSet admin;
  for (const Ports& ports : admin_ports())
    admin = admin.united(ValueSet::range(ports.first, ports.last));
  ValueSet ssh;
  for (const uint16_t port : rules.declared.ssh_ports) ssh = ssh.united(ValueSet::of(port));
  // Each family has its own ports for that.
  const ValueSet dhcp = ValueSet::range(67, 68).united(ValueSet::range(546, 547));
  for (const uint8_t protocol : kPortProtocols) {
    const size_t i = Openings::index(protocol);
    const ValueSet apart = protocol == net::kTcp ? ssh : dhcp;
    const ValueSet any = minus(ip6->any[i], apart);
    const ValueSet some = minus(ip6->some[i], apart);
    differs(protocol, minus(any, rules.ip4->any[i]), true,
            "open to any over IPv6, and not over IPv4");
    differs(protocol, minus(minus(some, any), rules.ip4->some[i]), true,
            "open to some over IPv6, and shut over IPv4");
    const ValueSet lacking = minus(minus(minus(rules.ip4->any[i], apart), admin), ip6->any[i]);
    for (const ValueSet& ports :
         {lacking.intersected(rules.ip4->plain[i]), minus(lacking, rules.ip4->plain[i])})
      differs(protocol, ports, false, "open to any over IPv4, and not over IPv6");
  }
  return fail_of(std::move(findings));
}

Answer neighbour_discovery(const Rules& rules) {
  Packets& packets = rules.packets;
  const net::Network link[] = {link_local_network()};
  const net::Network nobody[] = {unspecified_network()};
  const net::Network all_nodes[] = {all_nodes_network()};
  const net::Network all_routers[] = {all_routers_network()};
  const net::Network solicited[] = {solicited_nodes_network()};
  std::vector<net::Network> global = subnets(net::Family::kIpv6, rules.declared, rules.host);
  std::erase_if(global, [&](const net::Network& it) { return link[0].contains(it.address); });
  if (global.empty()) global.push_back(global_network());
  // Who asks, and whom (RFC 4861, 4.1 to 4.4; a host that takes an address asks from ::).
  struct Way {
    unsigned type;
    std::string_view name;
    std::span<const net::Network> from;
    std::span<const net::Network> to;
  };
  const Way ways[] = {{133, "router solicitation", link, all_routers},
                      {133, "router solicitation", nobody, all_routers},
                      {134, "router advertisement", link, all_nodes},
                      {135, "neighbour solicitation", nobody, solicited},
                      {135, "neighbour solicitation", link, solicited},
                      {135, "neighbour solicitation", global, solicited},
                      {135, "neighbour solicitation", link, link},
                      {135, "neighbour solicitation", global, global},
                      {136, "neighbour advertisement", link, all_nodes},
                      {136, "neighbour advertisement", link, link},
                      {136, "neighbour advertisement", global, all_nodes},
                      {136, "neighbour advertisement", global, global}};
  static constexpr const ir::Field* kSourceOnly[] = {&ir::kSource};
  // A rule may name the host's own address, so each needs to get to some; and a few may be banned.
  constexpr double kMost = 15.0 / 16;
  std::optional<Finding> found;  // of all types
  std::vector<std::string> names;
  for (const Way& way : ways) {
    if (!names.empty() && names.back().starts_with(way.name)) continue;
    // Connection tracking doesn't look at them; a router's hop limit would betray it.
    const Node care =
        packets.all({packets.states({CtState::kUntracked}), packets.source_in(way.from),
                     packets.destination_in(way.to), packets.of(ir::kHopLimit, ValueSet::of(255))});
    const Node out = stopped(rules, way.type, care);
    if (out == set::kNothing) continue;
    const Node all = sent(rules, way.type, care);
    const auto from = [&](Node set) { return set::share(packets.model(), set, kSourceOnly); };
    if (from(packets.arena().subtract(all, out)) >= kMost * from(all)) continue;
    const auto finding = shut_out(rules, way.type, care, way.name);
    if (!finding) continue;
    names.push_back(fmt::format("{} (type {})", way.name, way.type));
    if (!found) {
      found = *finding;
      continue;
    }
    found->remedy.insert(found->remedy.end(), finding->remedy.begin(), finding->remedy.end());
  }
  if (!found) return pass();
  found->text = fmt::format("{} may be stopped", fmt::join(names, ", "));
  return fail_of({*std::move(found)});
}

Answer packet_too_big(const Rules& rules) {
  // A few peers may be banned.
  Packets& packets = rules.packets;
  const Node about_us = packets.states({CtState::kRelated});
  if (packets.from_few(stopped(rules, 2, about_us))) return pass();
  if (auto finding = shut_out(rules, 2, about_us, "packet-too-big about our own connections"))
    return fail_of({*std::move(finding)});
  return pass();
}

}  // namespace bulkhead::app::audit
