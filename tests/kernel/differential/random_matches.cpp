// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/random_matches.h"

#include <fmt/format.h>

namespace bulkhead::testing {

std::string MatchDrawer::draw(std::string_view chain) {
  protocol_ = 0;
  std::string out = head(chain);
  if (!one_in(3)) out += protocol_match();
  if (one_in(4)) out += state();
  if (one_in(3)) out += connection();
  if (one_in(3)) out += of_ip_header();
  if (one_in(protocol_ == 6 ? 2 : 3)) out += of_bytes();
  if (one_in(2)) out += around(chain);
  // Many options for few packets: several at once.
  if (ip6_ && one_in(2)) {
    for (uint64_t more = random_.between(1, 4); more > 0; --more) out += extension_headers(chain);
  }
  if (one_in(10))
    out += " -m comment --comment \"" + pick({"a", "two words", "it's", "50%"}) + "\"";
  return out;
}

std::string MatchDrawer::address() {
  if (one_in(8)) return ip6_ ? "2001:db8::8/ffff:ffff:ffff:ffff::8" : "192.0.2.9/255.0.0.255";
  return network();
}

std::string MatchDrawer::network() {
  return ip6_
             ? pick({"2001:db8::/64", "2001:db8::9", "2001:db8:1::/64", "2001:db8:1::9/128",
                     "2001:db8::/32", "2001:db8:ffff::/48", "::/0", "ff00::/8"})
             : pick({"192.0.2.0/24", "192.0.2.9", "203.0.113.0/24", "203.0.113.9/32",
                     "192.0.2.0/25", "198.51.100.0/24", "0.0.0.0/0", "192.0.2.1", "198.18.0.0/15"});
}

std::string MatchDrawer::interface() {
  return pick({"eth0", "eth1", "eth+", "lo", "e+", "eth10", "lan0", "br+"});
}

std::string MatchDrawer::port() {
  return pick({"22", "80", "443", "53", "1000:2000", "0:1023", "1024:65535", ":100",
               "30000:", "22:22", "0"});
}

std::string MatchDrawer::common_port() {
  return pick({"22", "80", "443", "1000:2000", "0:1023", "1024:65535", ":100", "30000:"});
}

std::string MatchDrawer::head(std::string_view chain) {
  std::string out;
  if (one_in(5)) out += negation() + " -s " + address();
  if (one_in(6)) out += negation() + " -d " + address();
  if (chain != "OUTPUT" && one_in(8)) out += negation() + " -i " + interface();
  if (chain != "INPUT" && one_in(8)) out += negation() + " -o " + interface();
  if (!ip6_ && one_in(8)) out += negation() + " -f";
  return out;
}

std::string MatchDrawer::protocol_match() {
  switch (random_.below(14)) {
    case 0:
      return negation(3) + " -p " +
             pick({"tcp", "udp", "253", "sctp", "33", ip6_ ? "ipv6-icmp" : "icmp"});
    case 1:
    case 2: return icmp();
    case 3: return multiport();
    case 4:
    case 5: protocol_ = 17; return " -p udp -m udp" + ports("udp");
    case 6: return sctp();
    case 7: return dccp();
    case 8:
    case 9:
    case 10: return ipsec();
    default: return tcp();
  }
}

std::string MatchDrawer::ports(std::string_view) {
  std::string out;
  if (one_in(2)) out += negation(2) + " --sport " + port();
  if (!one_in(3)) out += negation() + " --dport " + port();
  return out;
}

std::string MatchDrawer::tcp() {
  protocol_ = 6;
  std::string out = " -p tcp -m tcp" + ports("tcp");
  if (one_in(8)) return out + negation() + " --syn";
  if (one_in(3)) return out + option("tcp-option", {"2", "2", "8", "3"});
  if (!one_in(4)) return out;
  return out + option("tcp-flags", {"SYN,ACK SYN", "ALL NONE", "FIN,SYN FIN,SYN", "SYN,RST,ACK ACK",
                                    "ALL FIN,PSH,URG", "RST RST"});
}

std::string MatchDrawer::sctp() {
  protocol_ = 132;
  std::string out = " -p sctp -m sctp" + ports("sctp");
  if (one_in(3)) return out;
  const std::string types = pick({"INIT", "DATA", "DATA,INIT", "INIT,DATA,SACK", "DATA:Be", "ABORT",
                                  "DATA:U,INIT", "HEARTBEAT,COOKIE_ACK", "ALL", "NONE"});
  return out + negation() + " --chunk-types " + pick({"any", "all", "only"}) + " " + types;
}

std::string MatchDrawer::dccp() {
  protocol_ = 33;
  std::string out = " -p dccp -m dccp" + (one_in(4) ? "" : ports("dccp"));
  if (!one_in(3)) return out + option("dccp-option", {"1", "44"});
  if (one_in(3)) return out;
  return out + option("dccp-types", {"REQUEST", "REQUEST,RESPONSE", "DATA,ACK,DATAACK", "INVALID",
                                     "RESET,SYNC,SYNCACK"});
}

std::string MatchDrawer::icmp() {
  protocol_ = 1;
  if (ip6_) {
    return " -p ipv6-icmp -m icmp6" +
           option("icmpv6-type", {"echo-request", "echo-reply", "1", "1/4", "port-unreachable",
                                  "135", "router-advertisement", "3/0"});
  }
  return " -p icmp -m icmp" + option("icmp-type", {"echo-request", "echo-reply", "3", "3/3",
                                                   "port-unreachable", "any", "13", "9/0"});
}

std::string MatchDrawer::multiport() {
  const auto [name, number] = random_.pick(std::initializer_list<std::pair<std::string_view, int>>{
      {"tcp", 6}, {"udp", 17}, {"sctp", 132}, {"dccp", 33}, {"udplite", 136}});
  protocol_ = number;
  std::string list = pick({"22", "53", "1000:1500", "40000"});
  for (uint64_t more = random_.below(4); more > 0; --more)
    list += "," + pick({"80", "443", "30000:65535", "1", "1501:2000"});
  return fmt::format(" -p {} -m multiport{} --{} {}", name, negation(),
                     pick({"sports", "dports", "ports"}), list);
}

std::string MatchDrawer::state() {
  const std::string states =
      pick({"NEW", "ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED",
            "INVALID,UNTRACKED", "NEW,RELATED", "NEW,ESTABLISHED,UNTRACKED"});
  return one_in(2) ? " -m state" + negation() + " --state " + states
                   : " -m conntrack" + negation() + " --ctstate " + states;
}

// All but --ctstate alone.
std::string MatchDrawer::connection() {
  std::string out = " -m conntrack";
  // The only option that has no value for a packet which isn't confirmed yet.
  if (one_in(5)) {
    return out + " --ctstate ESTABLISHED" +
           option("ctexpire", {"500:700", "100000:500000", "0:1000"});
  }
  if (one_in(4)) out += option("ctstate", {"NEW,ESTABLISHED", "INVALID", "SNAT", "NEW,UNTRACKED"});
  const std::string flow = pick({" --ctdir ORIGINAL", " --ctdir REPLY"});
  for (uint64_t more = random_.between(1, 2); more > 0; --more) {
    switch (random_.below(13)) {
      case 0: return out + flow;
      case 1: return out + option("ctproto", {"tcp", "17", "132", "253"});
      case 2:
        return out + option("ctstatus", {"SEEN_REPLY", "ASSURED", "CONFIRMED", "NONE", "EXPECTED",
                                         "ASSURED,CONFIRMED"});
      case 3: return out + negation() + " --ctorigsrc " + network();
      case 4: return out + negation() + " --ctorigdst " + network();
      case 5: return out + negation() + " --ctreplsrc " + network();
      case 6: return out + negation() + " --ctrepldst " + network();
      case 7: return out + negation() + " --ctorigsrcport " + common_port();
      case 8: return out + negation() + " --ctorigdstport " + common_port();
      case 9: return out + negation() + " --ctreplsrcport " + common_port();
      case 10: return out + negation() + " --ctrepldstport " + common_port();
      case 11:
        out += negation() + " --ctproto 6" + negation() + " --ctorigdstport " + common_port();
        return out + flow;
      default: break;
    }
    out += flow;
    return out + option("ctstatus", {"SEEN_REPLY", "CONFIRMED"});
  }
  return out;
}

std::string MatchDrawer::of_ip_header() {
  switch (random_.below(5)) {
    case 0:
      return " -m length" + option("length", {"28:60", "0:40", "41", "60:", ":52", "100:65535"});
    case 1: {
      const std::string name = ip6_ ? "hl" : "ttl";
      const std::string hops = pick({"64", "33", "254", "128"});
      return fmt::format(" -m {0}", name) +
             (one_in(2) ? option(name + "-eq", {"64", "255", "63"})
                        : fmt::format(" --{}-{} {}", name, pick({"lt", "gt"}), hops));
    }
    case 2:
      return " -m dscp" + (one_in(2) ? option("dscp", {"0x2e", "10", "0"})
                                     : option("dscp-class", {"EF", "AF11", "BE"}));
    case 3:
      return " -m iprange" +
             (ip6_ ? option("src-range", {"2001:db8::2-2001:db8::9", "2001:db8::-2001:db8:1::ffff"})
                   : option("src-range", {"192.0.2.2-192.0.2.9", "198.18.0.0-203.0.113.255"}));
    default:
      return " -m iprange" +
             (ip6_ ? option("dst-range", {"2001:db8::-2001:db8::9", "2001:db8:1::-2001:db8:1::9"})
                   : option("dst-range", {"192.0.2.0-192.0.2.9", "198.18.0.0-203.0.113.9"}));
  }
}

// What the kernel knows beside the packet.
std::string MatchDrawer::around(std::string_view chain) {
  const bool input = chain == "INPUT", forward = chain == "FORWARD", output = chain == "OUTPUT";
  switch (random_.below(12)) {
    case 0: return " -m mark" + option("mark", {"0x17", "0x1/0x1", "2", "0/0xff", "0x30/0x20"});
    case 1: return " -m connmark" + option("mark", {"0x5", "0x105/0xff", "1/1", "0", "0x9/0x1"});
    case 2: return " -m pkttype" + option("pkt-type", {"unicast", "broadcast", "multicast"});
    case 3:
    case 4: {
      std::string out = " -m addrtype" +
                        option(pick({"src-type", "dst-type"}),
                               {"LOCAL", "UNICAST", "MULTICAST", ip6_ ? "LOCAL" : "LOCAL,BROADCAST",
                                ip6_ ? "UNICAST" : "BROADCAST"});
      if (one_in(3) && (input || forward)) return out + " --limit-iface-in";
      if (one_in(2) && (output || forward)) return out + " --limit-iface-out";
      return out;
    }
    case 5:
    case 6:
      if (!input && !forward) return "";
      return " -m mac" + option("mac-source", {"02:00:00:00:00:09", "02:00:00:00:00:08"});
    default: break;
  }
  if (output) {
    switch (random_.below(5)) {
      case 0: return " -m owner" + negation() + " --socket-exists";
      case 1:
      case 2:
        return " -m owner" + option("gid-owner", {"0", "1000", "1-1000"}) +
               (one_in(2) ? " --suppl-groups" : "");
      default: return " -m owner" + option("uid-owner", {"0", "1000", "1-1000"});
    }
  }
  if (!input && !forward) return "";
  switch (random_.below(forward ? 5 : 2)) {
    case 0: return " -m physdev" + option("physdev-in", {"p0", "p1", "p+"});
    case 1: return " -m physdev" + negation() + " --physdev-is-in";
    case 2: return " -m physdev" + option("physdev-out", {"p0", "p1", "p+"});
    case 3: return " -m physdev" + negation() + " --physdev-is-out";
    default: return " -m physdev" + negation() + " --physdev-is-bridged";
  }
}

}  // namespace bulkhead::testing
