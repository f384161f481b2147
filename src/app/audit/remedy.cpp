// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/audit/remedy.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/explanation.h"
#include "app/rules_text.h"
#include "lang/restore.h"
#include "net/names.h"

namespace bulkhead::app::audit {

namespace {

using net::Direction;
using net::Family;

// A packet that a closed host must still take, and the rule that does.
struct Essential {
  std::string packet;
  std::string rule;
};

std::string interface_of(const Rules& rules) {
  if (rules.host != nullptr) {
    for (const Interface& interface : rules.host->interfaces) {
      const bool has = std::ranges::any_of(interface.addresses, [&](const Interface::Own& own) {
        return own.address.family == rules.rules.family;
      });
      if (interface.name != "lo" && has) return interface.name;
    }
  }
  return "eth0";
}

std::vector<Essential> essentials(const Rules& rules) {
  const bool ip6 = rules.rules.family == Family::kIpv6;
  const std::string interface = interface_of(rules);
  const std::string peer = ip6 ? "[2001:db8::66]" : "198.51.100.66";
  const std::string own = ip6 ? "[2001:db8::20]" : "192.0.2.20";
  const std::string loopback = ip6 ? "[::1]" : "127.0.0.1";
  std::vector<Essential> all{
      {fmt::format("tcp {0}:40000 > {0}:80 new in lo", loopback), "-i lo -j ACCEPT"},
      {fmt::format("tcp {}:443 > {}:40000 established in {}", peer, own, interface),
       "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"}};
  if (ip6) {
    for (const unsigned type : {133U, 134U, 135U, 136U}) {
      all.push_back({fmt::format("ipv6-icmp fe80::66 > fe80::20 type {} untracked ttl 255 in {}",
                                 type, interface),
                     fmt::format("-p ipv6-icmp -m icmp6 --icmpv6-type {} -j ACCEPT", type)});
    }
  }
  for (const net::Network& network : rules.declared.management) {
    if (network.address.family != rules.rules.family) continue;
    const std::string from = net::to_string(network.address);
    for (const uint16_t port : rules.declared.ssh_ports) {
      all.push_back(
          {fmt::format("tcp {}:40000 > {}:{} new in {}", ip6 ? "[" + from + "]" : from, own, port,
                       interface),
           fmt::format("-s {} -p tcp --dport {} -j ACCEPT", net::to_string(network), port)});
    }
  }
  return all;
}

}  // namespace

std::string_view chain_of(Direction direction) {
  switch (direction) {
    case Direction::kInput: return "INPUT";
    case Direction::kForward: return "FORWARD";
    case Direction::kOutput: break;
  }
  return "OUTPUT";
}

std::string command(Family family, std::string_view words) {
  return fmt::format("{} {}", family == Family::kIpv4 ? "iptables" : "ip6tables", words);
}

std::optional<ir::Ruleset> behind(const ir::Ruleset& rules, const Commands& commands) {
  std::string text = "*filter\n";
  for (const std::string& each : commands) text += each.substr(each.find(' ') + 1) + "\n";
  const net::SystemNames names(net::SystemNames::Hosts::kNotAsked);
  ir::Ruleset changed = rules;
  const auto done = lang::restore(Source("remedy", text + "COMMIT\n"),
                                  {.names = &names, .noflush = true, .spans = false}, changed);
  if (!done) return {};
  return changed;
}

bool passes(const ir::Ruleset& rules, const net::PacketText& packet, Direction direction) {
  return explain(rules, packet, direction).verdict == backend::sim::Verdict::kAccept;
}

Commands first_that_helps(const ir::Ruleset& rules, const net::PacketText& packet,
                          Direction direction, bool pass, std::vector<Commands> candidates) {
  for (Commands& each : candidates) {
    const auto changed = behind(rules, each);
    if (changed && passes(*changed, packet, direction) == pass) return std::move(each);
  }
  return std::move(candidates.back());
}

Commands appended_or_inserted(const ir::Ruleset& rules, const net::PacketText& packet,
                              Direction direction, bool pass, std::string_view words) {
  const auto with = [&](char how) {
    return Commands{
        command(rules.family, fmt::format("-{} {} {}", how, chain_of(direction), words))};
  };
  return first_that_helps(rules, packet, direction, pass, {with('A'), with('I')});
}

Decider decider_of(const ir::Ruleset& rules, const net::PacketText& packet, Direction direction) {
  const Explanation why = explain(rules, packet, direction);
  Decider found{std::string(chain_of(direction)), {}, nullptr};
  for (const Passage& passage : why.passages) {
    if (passage.table != "filter" || passage.met.empty()) continue;
    const MetRule& last = passage.met.back();
    found = {last.chain, {}, nullptr};
    if (!last.number) continue;
    found.rule = last.rule;
    found.written = &rules.find("filter")->find(last.chain)->rules[*last.number - 1];
  }
  return found;
}

Commands without_decider(const Rules& rules, const Witness& witness, Direction direction) {
  const Decider decider = decider_of(rules.rules, witness.packet, direction);
  const Commands closing{
      command(rules.rules.family, decider.rule.empty()
                                      ? fmt::format("-P {} DROP", decider.chain)
                                      : fmt::format("-D {} {}", decider.chain, decider.rule))};
  return direction == Direction::kInput ? with_what_stays(rules, closing) : closing;
}

Commands closed_or(const Rules& rules, const std::optional<Witness>& witness, Commands others) {
  if (!witness) return others;
  const Direction direction = witness->packet.direction();
  const bool by_policy = decider_of(rules.rules, witness->packet, direction).rule.empty();
  return by_policy ? without_decider(rules, *witness, direction) : others;
}

Commands with_what_stays(const Rules& rules, const Commands& closing) {
  Commands commands;
  const auto closed = behind(rules.rules, closing);
  if (!closed) return closing;
  for (const Essential& essential : essentials(rules)) {
    const auto packet = net::parse_packet(essential.packet);
    if (!packet || !passes(rules.rules, *packet, Direction::kInput)) continue;
    Commands so_far = commands;
    so_far.insert(so_far.end(), closing.begin(), closing.end());
    const auto now = behind(rules.rules, so_far);
    if (!now || passes(*now, *packet, Direction::kInput)) continue;
    commands.push_back(command(rules.rules.family, "-A INPUT " + essential.rule));
  }
  commands.insert(commands.end(), closing.begin(), closing.end());
  return commands;
}

std::string closing_note(const Rules& rules) {
  const bool declared = std::ranges::any_of(rules.declared.management, [&](const auto& network) {
    return network.address.family == rules.rules.family;
  });
  if (declared || rules.rules.family == Family::kIpv6) return {};
  return "nobody is named as management (--management ADDRESSES), so no rule for ssh is among "
         "these";
}

}  // namespace bulkhead::app::audit
