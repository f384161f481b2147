// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/table_conditions.h"

#include <fmt/format.h>

#include "kernel/differential/table_rules.h"

namespace bulkhead::testing {

std::string TableConditions::draw(std::string_view table, unsigned hooks, Needs needs) {
  if (needs == Needs::kTcpPorts) return protocol(needs);
  // A rule of nat sees only the first packet of a connection, so it asks less.
  const bool nat = table == "nat";
  std::string out;
  if (one_in(nat ? 4 : 5)) out += negation() + " -s " + address();
  if (one_in(nat ? 4 : 5)) out += negation() + " -d " + address();
  constexpr unsigned kNoIn = kOutput | kPostrouting, kNoOut = kPrerouting | kInput;
  if (one_in(6) && (hooks & kNoIn) == 0) out += negation() + " -i " + interface();
  if (one_in(6) && (hooks & kNoOut) == 0) out += negation() + " -o " + interface();
  out += protocol(needs);
  for (uint64_t more = random_.below(nat ? 2 : 3); more > 0; --more) out += one(table, hooks);
  return out;
}

std::string TableConditions::address() {
  return ip6_ ? pick({"2001:db8::/64", "2001:db8::9", "2001:db8:1::/64", "2001:db8:1::9",
                      "2001:db8:1::50", "2001:db8:7::/64", "2001:db8:7::5", "2001:db8::1"})
              : pick({"192.0.2.0/24", "192.0.2.9", "203.0.113.0/24", "203.0.113.9", "203.0.113.50",
                      "198.18.7.0/24", "198.18.7.5", "192.0.2.1"});
}

std::string TableConditions::interface() { return pick({"eth0", "eth1", "eth+", "lo", "lan0"}); }

std::string TableConditions::ports() {
  std::string out;
  if (one_in(4)) out += negation() + " --sport " + pick({"1024:", ":1023", "80", "7", "1024"});
  if (!one_in(3)) {
    out += negation() + " --dport " +
           pick({"80", "443", "53", "1000:2000", "8080", "8080", "5353", "1024:", ":1023"});
  }
  return out;
}

std::string TableConditions::protocol(Needs needs) {
  tcp_ = needs != Needs::kNothing;
  switch (needs) {
    case Needs::kSyn: return " -p tcp -m tcp --tcp-flags SYN,RST SYN";
    case Needs::kTcpPorts: return " -p tcp -m tcp --dport 1000:1500";
    case Needs::kTcp: break;
    case Needs::kNothing:
      if (one_in(2)) return "";
      if (one_in(3)) return " -p udp -m udp" + ports();
      if (one_in(5)) return " -p " + pick({ip6_ ? "ipv6-icmp" : "icmp", "sctp", "253"});
      tcp_ = true;
  }
  std::string out = " -p tcp";
  if (one_in(3)) return out;
  out += " -m tcp" + ports();
  if (one_in(4)) out += negation() + " --tcp-flags " + pick({"SYN SYN", "SYN,ACK SYN"});
  if (one_in(5)) out += " -m ecn" + negation() + pick({" --ecn-tcp-cwr", " --ecn-tcp-ece"});
  // What TCPOPTSTRIP and TCPMSS leave. (Ports and options in one match: docs/differences.md.)
  if (one_in(6)) out += " -m tcp" + option("tcp-option", {"2", "8", "3"});
  if (one_in(6)) {
    return " -p tcp -m tcp --tcp-flags SYN,RST SYN -m tcpmss" +
           option("mss", {"1000", "536:1200", "1300:1460"});
  }
  return out;
}

std::string TableConditions::one(std::string_view table, unsigned hooks) {
  // There is no connection in raw yet, except an empty one behind CT --zone, which only iptables
  // asks (docs/differences.md).
  const bool raw = table == "raw";
  if (!raw && one_in(2)) return connection();
  const std::string hops = ip6_ ? "hl" : "ttl";
  switch (random_.below(raw && (hooks & kOutput) != 0 ? 7 : 8)) {
    case 0:
    case 1:
      return " -m mark" +
             option("mark", {"0x1", "0x17/0x17", "0/0x40", "0x40/0x40", "0", "0x2/0x2"});
    case 2: return " -m dscp" + option("dscp", {"46", "10", "5", "0", "0x3f"});
    case 3: return " -m tos" + option("tos", {"0x10/0x3f", "0x00/0x03", "0x5a", "0xff/0x0f"});
    case 4: return " -m ecn" + option("ecn-ip-ect", {"0", "1", "2", "3"});
    case 5: return " -m length" + option("length", {"0:47", "48:64", "60:"});
    case 6:
      return fmt::format(" -m {}", hops) +
             (one_in(2) ? option(hops + "-eq", {"42", "63", "64", "66"})
                        : fmt::format(" --{}-{} {}", hops, pick({"lt", "gt"}), pick({"43", "63"})));
    default:
      return " -m conntrack" + option("ctstate", {"NEW", "ESTABLISHED", "RELATED,ESTABLISHED",
                                                  "UNTRACKED", "INVALID", "NEW,RELATED"});
  }
}

std::string TableConditions::connection() {
  const std::string out = " -m conntrack";
  const std::string port = pick({"80", "443", "1000:2000", "8080", "1024:65535"});
  switch (random_.below(12)) {
    case 8:
    case 9: return out + option("ctstate", {"DNAT", "SNAT", "SNAT,DNAT"});
    case 10:
    case 11: return " -m connmark" + option("mark", {"0x5", "0/0xf", "0x40/0x40", "0x1/0x1", "0"});
    case 0: return out + negation() + " --ctorigsrc " + address();
    case 1:
    case 2: return out + negation() + " --ctorigdst " + address();
    case 3: return out + negation() + " --ctreplsrc " + address();
    case 4: return out + negation() + " --ctrepldst " + address();
    case 5: return out + negation() + " --ctorigdstport " + port;
    case 6: return out + negation() + " --ctreplsrcport " + port;
    default:
      return out + pick({" --ctdir ORIGINAL", " --ctdir REPLY"}) + negation() + " --ctorigdst " +
             address();
  }
}

}  // namespace bulkhead::testing
