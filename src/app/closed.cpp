// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/closed.h"

#include <string_view>

#include <fmt/format.h>

#include "app/rules_text.h"

namespace bulkhead::app {

namespace {

constexpr std::string_view kHead =
    "*filter\n"
    ":INPUT DROP\n"
    ":FORWARD DROP\n"
    ":OUTPUT ACCEPT\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";

// Errors about our own connections come as RELATED. A lease's renewal is answered by the server
// that was asked, but the first answer may come from another address than the broadcast one, so
// conntrack calls it NEW.
constexpr std::string_view kV4 =
    "-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT\n"
    "-A INPUT -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n";

// RFC 4890, 4.4: what must not be dropped. Neighbour discovery (133 to 136) is UNTRACKED, never
// RELATED; that its hop limit is 255, so from this link, is checked by the kernel itself
// (ndisc_rcv). Packet-too-big (2) is also let in where conntrack doesn't know what it is about,
// since nothing else tells of a smaller path.
constexpr std::string_view kV6 =
    "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 2 -j ACCEPT\n"
    "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT\n"
    "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 133 -j ACCEPT\n"
    "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 134 -j ACCEPT\n"
    "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT\n"
    "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j ACCEPT\n"
    "-A INPUT -s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 130 -j ACCEPT\n"
    "-A INPUT -s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 131 -j ACCEPT\n"
    "-A INPUT -s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type 132 -j ACCEPT\n"
    "-A INPUT -s fe80::/10 -p udp -m udp --sport 547 --dport 546 -j ACCEPT\n";

std::string ssh_rules(net::Family family, const Config& config) {
  std::string rules;
  for (const uint16_t port : config.ssh_ports) {
    if (config.management.empty()) {
      rules += fmt::format("-A INPUT -p tcp -m tcp --dport {} -j ACCEPT\n", port);
    }
    for (const net::Network& network : config.management) {
      if (network.address.family != family) continue;
      rules += fmt::format("-A INPUT -s {} -p tcp -m tcp --dport {} -j ACCEPT\n",
                           net::to_string(network), port);
    }
  }
  return rules;
}

// The text without the lines of ssh_rules(): no other ones of the closed rules are about TCP.
std::string without_ssh(std::string_view text) {
  std::string rest;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n') + 1);
    text.remove_prefix(line.empty() ? text.size() : line.size());
    const bool ssh = line.starts_with("-A INPUT ") && line.ends_with(" -j ACCEPT\n") &&
                     line.find("-p tcp -m tcp --dport ") != line.npos;
    if (!ssh) rest += line;
  }
  return rest;
}

}  // namespace

bool are_closed(const ir::Ruleset& rules) {
  const Source source("closed rules",
                      closed_rules(rules.family, {.management = {}, .ssh_ports = {}, .audit = {}}));
  const auto closed = parse_rules(source, rules.family, Counts::kLeftOut);
  return closed &&
         without_ssh(rules_text(rules, Counts::kLeftOut)) == rules_text(*closed, Counts::kLeftOut);
}

std::string closed_rules(net::Family family, const Config& config) {
  const std::string_view own = family == net::Family::kIpv4 ? kV4 : kV6;
  return fmt::format("{}{}{}COMMIT\n", kHead, own, ssh_rules(family, config));
}

}  // namespace bulkhead::app
