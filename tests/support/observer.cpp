// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/observer.h"

#include <fmt/format.h>

namespace bulkhead::testing {
namespace {

constexpr char kSentinelSource[] = "127.255.255.254";
constexpr uint8_t kSentinelProtocol = 253;

std::string log(Sight sight) {
  // 128 bytes hold an ICMPv6 error and the fixed header that it quotes.
  return fmt::format("log group {} snaplen 128 queue-threshold 1 prefix \"{}\"", kObserverGroup,
                     static_cast<char>(sight));
}

}  // namespace

std::string observer_ruleset(const std::vector<std::string>& untracked, bool conntrack,
                             bool deliver) {
  std::string notrack;
  for (const std::string& source : untracked) {
    if (!conntrack) break;
    notrack += fmt::format("    {} saddr {} notrack\n",
                           source.find(':') == std::string::npos ? "ip" : "ip6", source);
  }
  std::string text = "table inet bulkhead_observer {\n";
  // Conntrack learns a connection at priority 2147483647 too. The kernel puts a new hook of equal
  // priority first, so the sink must be there before `ct` below brings conntrack in, and then comes
  // after it.
  if (!deliver) text += "  chain sink { type filter hook input priority 2147483647; drop; }\n";
  // Multicast listener reports, solicitations and redirects that the kernel sends by itself, at
  // moments of its own, would be counted by the firewall. Its sockets have no user; those of the
  // tests do.
  text +=
      "  chain kernel_noise {\n"
      "    meta skuid 0-4294967294 return\n"
      "    icmpv6 type { 130, 131, 132, 133, 134, 135, 136, 137, 143 } drop\n"
      "  }\n";
  text += fmt::format(
      "  chain arrive {{ type filter hook prerouting priority -500;\n"
      "    iifname \"lo\" ip protocol {} ip saddr {} {} drop\n"
      "{}    {}\n  }}\n",
      kSentinelProtocol, kSentinelSource, log(kSentinel), notrack, log(kArrived));
  text += fmt::format(
      "  chain leave {{ type filter hook output priority -500;\n"
      "    jump kernel_noise\n{}    {}\n  }}\n",
      notrack, log(kSent));
  text += fmt::format("  chain input {{ type filter hook input priority 300; {}; }}\n",
                      log(kThroughInput));
  text += fmt::format("  chain forward {{ type filter hook forward priority 300; {}; }}\n",
                      log(kThroughForward));
  text += fmt::format("  chain output {{ type filter hook output priority 300; {}; }}\n",
                      log(kThroughOutput));
  text += fmt::format(
      "  chain loopback {{ type filter hook postrouting priority 300; oifname \"lo\" {}; }}\n",
      log(kToLoopback));
  if (conntrack) text += "  chain track { ct state invalid counter; }\n";
  return text + "}\n";
}

std::string marking_ruleset(uint32_t mark, uint32_t connection_mark) {
  constexpr std::string_view kTable = "table inet bulkhead_marks";
  std::string text = fmt::format("{0}\ndelete {0}\n", kTable);
  if (mark == 0 && connection_mark == 0) return text;
  text += fmt::format("{} {{\n", kTable);
  // Behind conntrack (-200), before table mangle (-150).
  for (const std::string_view hook : {"prerouting", "output"}) {
    text += fmt::format("  chain {0} {{ type filter hook {0} priority -190; meta mark set {1};",
                        hook, mark);
    if (connection_mark != 0) text += fmt::format(" ct mark set {};", connection_mark);
    text += " }\n";
  }
  return text + "}\n";
}

Bytes sentinel_packet() {
  return build(Ip4{.saddr = kSentinelSource, .daddr = "127.0.0.1"} /
               Raw{.protocol = kSentinelProtocol});
}

}  // namespace bulkhead::testing
