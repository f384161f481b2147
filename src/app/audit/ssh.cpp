// SPDX-License-Identifier: GPL-2.0-or-later
// Who administers this host, and how often they may try.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "app/audit/variants.h"
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

// A part of a connection between a manager and ssh: who of them it is cut for.
struct Part {
  Direction direction = Direction::kInput;
  const ir::Field* address;  // the manager's
  const ir::Field* port;
  Node sent = set::kNothing;
  Node passing = set::kNothing;
};
Node cut(const Rules& rules, const Part& part) {
  Packets& packets = rules.packets;
  const ir::Field* const fields[] = {part.address, part.port};
  // On some interface and to some address of the host is enough.
  const auto theirs = [&](Node set) { return set::projected(packets.model(), set, fields); };
  return packets.all(
      {part.sent, packets.arena().subtract(theirs(part.sent),
                                           theirs(packets.all({part.sent, part.passing})))});
}

// A connection of somebody's to ssh: its first packet, from any port that clients use, what follows
// it, and the answers.
std::optional<Finding> shut_out(const Rules& rules, std::span<const net::Network> who,
                                Node reaching) {
  Packets& packets = rules.packets;
  const ValueSet clients = ValueSet::range(32768, 60999);
  const Node tcp =
      packets.all({packets.usual(), packets.of(ir::kProtocol, ValueSet::of(net::kTcp))});
  const Node in = packets.all({tcp, packets.at(Direction::kInput), packets.source_in(who),
                               packets.of(ir::kSourcePort, clients),
                               packets.of(ir::kDestinationPort, ssh_ports(rules))});
  const Node out = packets.all({tcp, packets.at(Direction::kOutput), packets.destination_in(who),
                                packets.of(ir::kSourcePort, ssh_ports(rules)),
                                packets.of(ir::kDestinationPort, clients)});
  const Node later = packets.states({ir::CtState::kEstablished});
  const std::string name = net::to_string(who.front());
  const auto told = [&](const Part& part, std::string text,
                        std::string_view words) -> std::optional<Finding> {
    const Node lost = cut(rules, part);
    if (lost == set::kNothing) return {};
    Finding finding{.text = std::move(text),
                    .family = rules.rules.family,
                    .witness = packets.witness(lost, part.direction, Packets::About::kStopped)};
    if (finding.witness) {
      finding.remedy =
          appended_or_inserted(rules.rules, finding.witness->packet, part.direction, true, words);
    }
    return finding;
  };
  // Where ssh is reached by a translation only, its first packet has another port.
  const Part first{Direction::kInput, &ir::kSource, &ir::kSourcePort,
                   packets.all({in, packets.states({ir::CtState::kNew})}), reaching};
  const Node elsewhere =
      packets.all({reaching, tcp, packets.source_in(who), packets.of(ir::kSourcePort, clients)});
  static constexpr const ir::Field* kClient[] = {&ir::kSource, &ir::kSourcePort};
  const Node lost = packets.arena().subtract(cut(rules, first),
                                             set::projected(packets.model(), elsewhere, kClient));
  if (lost != set::kNothing) {
    return told({Direction::kInput, &ir::kSource, &ir::kSourcePort, lost, set::kNothing},
                fmt::format("management {} doesn't reach ssh", name),
                fmt::format("-s {} {} -j ACCEPT", name, ssh_words(rules)));
  }
  static constexpr std::string_view kAnswers =
      "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
  if (auto finding =
          told({Direction::kInput, &ir::kSource, &ir::kSourcePort, packets.all({in, later}),
                packets.untranslated_may_pass(Direction::kInput)},
               fmt::format("management {} reaches ssh with its first packet only", name), kAnswers))
    return finding;
  return told({Direction::kOutput, &ir::kDestination, &ir::kDestinationPort,
               packets.all({out, later}), packets.untranslated_may_pass(Direction::kOutput)},
              fmt::format("ssh's answers to management {} don't get out", name), kAnswers);
}

// The packets that get to ssh by other rules, those of a variant.
Node reaching_ssh_by(const Rules& rules, const ir::Ruleset& variant) {
  Packets packets(rules.packets.model(), variant, rules.declared, rules.host);
  return reaching_ssh({variant, packets, rules.declared, rules.host, rules.ip4});
}

// What gets to ssh however fast it comes. `recent` stops those that come too fast only where they
// are put on its list, by a rule that they come to while they are slow.
Node reaching_ssh_fast(const Rules& rules) {
  set::Arena& arena = rules.packets.arena();
  const std::set<RecentList> lists = recent_lists(rules.rules);
  const auto fast = [&](const std::set<RecentList>& stopping) {
    return reaching_ssh_by(rules, at_pace(rules.rules, Pace::kFast, stopping));
  };
  Node result = fast(lists);
  if (lists.empty()) return result;
  const Node slow = reaching_ssh_by(rules, at_pace(rules.rules, Pace::kSlow, lists));
  for (const RecentList& list : lists) {
    const Node noted = arena.subtract(
        slow,
        reaching_ssh_by(rules, at_pace(dropping_noted(rules.rules, list), Pace::kSlow, lists)));
    std::set<RecentList> others = lists;
    others.erase(list);
    result = arena.unite(result, arena.subtract(fast(others), noted));
  }
  return result;
}

}  // namespace

double ssh_share(const Rules& rules) {
  // Nobody is shut out with the loopback addresses.
  const net::Network loopback[] = {loopback_network(rules.rules.family)};
  const Node reaching =
      rules.packets.arena().subtract(reaching_ssh(rules), rules.packets.source_in(loopback));
  return reaching == set::kNothing ? 0 : set::share(rules.packets.model(), reaching, kSourceOnly);
}

Answer ssh_from_management(const Rules& rules) {
  const Node reaching = reaching_ssh(rules);
  if (!is_declared(rules)) {
    if (reaching != set::kNothing) return pass("nobody is declared as management");
    return not_applicable("nobody is declared as management, and nobody reaches ssh");
  }
  const std::vector<net::Network> own = management(rules);
  if (own.empty()) return not_applicable("no management is declared for this family");
  std::vector<Finding> findings;
  for (const net::Network& network : own) {
    const net::Network one[] = {network};
    if (auto finding = shut_out(rules, one, reaching)) findings.push_back(*std::move(finding));
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
                                               "management",
                  .family = family,
                  .witness = packets.witness(others, Direction::kInput)};
  if (!is_declared(rules)) {
    finding.note =
        "name the hosts that you administer from, and commands that shut out the others are shown: "
        "--management ADDRESSES, or [management] in bulkhead.toml";
    return fail_of({finding});
  }
  Commands shut_out;
  if (own.size() == 1) {
    shut_out = {command(family, fmt::format("-I INPUT ! -i lo ! -s {} {} -j DROP",
                                            net::to_string(own.front()), ssh_words(rules)))};
  } else {
    // Who stays in is let in first, and then the others are shut out behind that.
    for (const net::Network& network : own) {
      shut_out.push_back(command(family, fmt::format("-I INPUT -s {} {} -j ACCEPT",
                                                     net::to_string(network), ssh_words(rules))));
    }
    shut_out.push_back(command(
        family, fmt::format("-I INPUT {} ! -i lo {} -j DROP", own.size() + 1, ssh_words(rules))));
    // Where a rule opens ssh and nothing else, the management's take its place: what stands before
    // it (a limit, what drops invalid packets) still holds for them.
    finding.otherwise = {shut_out};
    if (finding.witness) {
      const Commands instead =
          shut(rules, finding.witness, Direction::kInput, net::kTcp, ssh_ports(rules));
      if (decider_of(rules.rules, *finding.witness)) shut_out = instead;
    }
  }
  finding.remedy = closed_or(rules, finding.witness, std::move(shut_out));
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
  const Node unlimited = packets.all({reaching, reaching_ssh_fast(rules)});
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
