// SPDX-License-Identifier: GPL-2.0-or-later
// Who administers this host, and how often they may try.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "set/cube.h"

namespace bulkhead::app::audit {

namespace {

using ir::ValueSet;
using net::Direction;
using set::Node;

constexpr const ir::Field* kSourceOnly[] = {&ir::kSource};

std::vector<net::Network> management(const Rules& rules) {
  std::vector<net::Network> own;
  for (const net::Network& network : rules.declared.management)
    if (network.address.family == rules.rules.family) own.push_back(network);
  return own;
}

// A host whose management is declared in the other family only has none in this one.
bool is_declared(const Rules& rules) { return !rules.declared.management.empty(); }

ValueSet ssh_ports(const Rules& rules) {
  ValueSet ports;
  for (const uint16_t port : rules.declared.ssh_ports) ports = ports.united(ValueSet::of(port));
  return ports;
}

Node reaching_ssh(const Rules& rules) {
  Packets& packets = rules.packets;
  return packets.reaching(Direction::kInput, packets.newcomers(), net::kTcp, ssh_ports(rules));
}

// "-p tcp --dport 22" or, of several, multiport.
std::string ssh_words(const Rules& rules) {
  const auto& ports = rules.declared.ssh_ports;
  if (ports.size() == 1) return fmt::format("-p tcp --dport {}", ports.front());
  return fmt::format("-p tcp -m multiport --dports {}", fmt::join(ports, ","));
}

}  // namespace

Answer ssh_from_management(const Rules& rules) {
  Packets& packets = rules.packets;
  const Node reaching = reaching_ssh(rules);
  if (!is_declared(rules)) {
    if (reaching != set::kNothing) return pass("nobody is declared as management");
    return not_applicable("nobody is declared as management, and nobody reaches ssh");
  }
  const std::vector<net::Network> own = management(rules);
  if (own.empty()) return not_applicable("no management is declared for this family");
  const Node sources = set::projected(packets.model(), reaching, kSourceOnly);
  std::vector<Finding> findings;
  for (const net::Network& network : own) {
    const net::Network one[] = {network};
    const Node from = packets.source_in(one);
    const Node shut_out = packets.arena().subtract(from, sources);
    if (shut_out == set::kNothing) continue;
    const Node first = packets.all({packets.newcomers(), packets.usual(), shut_out,
                                    packets.of(ir::kProtocol, ValueSet::of(net::kTcp)),
                                    packets.of(ir::kDestinationPort, ssh_ports(rules))});
    Finding finding{.text = fmt::format("management {} doesn't reach ssh", net::to_string(network)),
                    .family = rules.rules.family,
                    .witness = packets.witness(first, Direction::kInput)};
    if (finding.witness) {
      finding.remedy = appended_or_inserted(
          rules.rules, finding.witness->packet, Direction::kInput, true,
          fmt::format("-s {} {} -j ACCEPT", net::to_string(network), ssh_words(rules)));
    }
    findings.push_back(std::move(finding));
  }
  return fail_of(std::move(findings));
}

Answer ssh_from_nobody_else(const Rules& rules) {
  Packets& packets = rules.packets;
  const net::Family family = rules.rules.family;
  const Node reaching = reaching_ssh(rules);
  const std::vector<net::Network> own = management(rules);
  const Node others = packets.arena().subtract(reaching, packets.source_in(own));
  if (!is_declared(rules)) {
    if (!packets.from_any(reaching)) return pass("nobody is declared as management");
  } else if (others == set::kNothing) {
    return pass();
  }
  Finding finding{.text = is_declared(rules) ? "ssh is open to others than management"
                                             : "ssh is open to any, and nobody is declared as "
                                               "management (--management ADDRESSES)",
                  .family = family,
                  .witness = packets.witness(others, Direction::kInput)};
  if (!is_declared(rules)) return fail_of({finding});
  Commands shut;
  if (own.size() == 1) {
    shut = {command(family, fmt::format("-I INPUT ! -i lo ! -s {} {} -j DROP",
                                        net::to_string(own.front()), ssh_words(rules)))};
  } else {
    // Who stays in is let in first, and then the others are shut out behind that.
    for (const net::Network& network : own) {
      shut.push_back(command(family, fmt::format("-I INPUT -s {} {} -j ACCEPT",
                                                 net::to_string(network), ssh_words(rules))));
    }
    shut.push_back(command(
        family, fmt::format("-I INPUT {} ! -i lo {} -j DROP", own.size() + 1, ssh_words(rules))));
  }
  finding.remedy = closed_or(rules, finding.witness, std::move(shut));
  return fail_of({finding});
}

Answer management_is_small(const Rules& rules) {
  // A /24 of IPv4, a /64 of IPv6.
  const unsigned bits = rules.rules.family == net::Family::kIpv4 ? 8 : 64;
  const U128 most = U128{1} << bits;
  Packets& packets = rules.packets;
  const Node reaching = reaching_ssh(rules);
  ValueSet sources;
  if (is_declared(rules)) {
    for (const net::Network& network : management(rules))
      sources = sources.united(values_of(network));
  } else {
    const auto found =
        packets.values(set::projected(packets.model(), reaching, kSourceOnly), ir::kSource);
    if (!found) return unknown("rules look at parts of addresses by a mask");
    sources = *found;
  }
  if (sources.empty()) return not_applicable("nobody manages this host over this family");
  U128 size = 0;
  for (const ir::Interval& range : sources.intervals()) {
    const U128 more = range.last - range.first;
    if (more >= most || (size += more + 1) > most) {
      const std::string words = set::address_words(rules.rules.family, sources);
      Finding finding{
          .text = fmt::format("management is {}: more than a /{} of addresses", words,
                              rules.rules.family == net::Family::kIpv4 ? 24 : 64),
          .family = rules.rules.family,
          .witness = reaching == set::kNothing ? std::nullopt
                                               : packets.witness(reaching, Direction::kInput),
          .note =
              "name the hosts that you administer from: --management ADDRESSES, or [management] "
              "in bulkhead.toml"};
      return fail_of({finding});
    }
  }
  return pass();
}

Answer ssh_is_rate_limited(const Rules& rules) {
  Packets& packets = rules.packets;
  const Node reaching = packets.all({reaching_ssh(rules), packets.usual()});
  if (reaching == set::kNothing) return not_applicable("nobody reaches ssh");
  const Node unlimited = packets.arena().subtract(reaching, packets.may_stop(Direction::kInput));
  if (unlimited == set::kNothing) return pass();
  Finding finding{.text = "new ssh connections are taken at any rate",
                  .family = rules.rules.family,
                  .witness = packets.witness(unlimited, Direction::kInput)};
  finding.remedy = {command(
      rules.rules.family,
      fmt::format("-I INPUT ! -i lo {} -m conntrack --ctstate NEW -m hashlimit --hashlimit-above "
                  "10/minute --hashlimit-burst 10 --hashlimit-mode srcip --hashlimit-name ssh -j "
                  "DROP",
                  ssh_words(rules)))};
  return fail_of({finding});
}

}  // namespace bulkhead::app::audit
