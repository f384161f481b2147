// SPDX-License-Identifier: GPL-2.0-or-later
// What a compromised host could do to its neighbours.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"

namespace bulkhead::app::audit {

using ir::ValueSet;
using net::Direction;
using set::Node;

Answer no_new_egress(const Rules& rules) {
  Packets& packets = rules.packets;
  const std::vector<net::Network> networks =
      subnets(rules.rules.family, rules.declared, rules.host);
  if (networks.empty()) {
    return not_applicable(rules.host != nullptr
                              ? "the host is in no subnet"
                              : "the host's subnets aren't known (--declare subnet=NETWORK)");
  }
  std::vector<uint16_t> ports;
  for (const uint16_t port : lateral_ports()) {
    if (std::ranges::find(rules.declared.egress, port) == rules.declared.egress.end())
      ports.push_back(port);
  }
  if (ports.empty()) return pass("all of it is declared");
  ValueSet wanted;
  for (const uint16_t port : ports) wanted = wanted.united(ValueSet::of(port));
  std::vector<Finding> findings;
  for (const net::Network& network : networks) {
    const net::Network one[] = {network};
    const Node going =
        packets.all({packets.at(Direction::kOutput), packets.states({ir::CtState::kNew}),
                     packets.usual(), packets.destination_in(one)});
    const Node out = packets.reaching(Direction::kOutput, going, net::kTcp, wanted);
    if (out == set::kNothing) continue;
    const auto open = packets.values(out, ir::kDestinationPort);
    Finding finding{.text = fmt::format("this host may begin connections to {} in {}",
                                        open ? port_words(net::kTcp, open->intersected(wanted))
                                             : "administrative ports",
                                        net::to_string(network)),
                    .family = rules.rules.family,
                    .witness = packets.witness(out, Direction::kOutput)};
    finding.remedy = {command(
        rules.rules.family,
        fmt::format(
            "-I OUTPUT ! -o lo -d {} -p tcp -m multiport --dports {} -m conntrack --ctstate "
            "NEW -j REJECT",
            net::to_string(network), fmt::join(ports, ",")))};
    finding.note = "if it needs some of them: --declare egress=22";
    findings.push_back(std::move(finding));
  }
  return fail_of(std::move(findings));
}

}  // namespace bulkhead::app::audit
