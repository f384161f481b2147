// SPDX-License-Identifier: GPL-2.0-or-later
// What -m conntrack says of a packet: every option and its negation, for connections in every
// state that can be made here, counted by iptables-legacy and by ours. Each rule must be hit and
// missed somewhere, or the test says which was not.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"

namespace bulkhead::testing {
namespace {

// The ends of one family.
struct Ends {
  bool v6 = false;
  std::string host, peer, behind, untracked, other;

  Bytes packet(const std::string& from, const std::string& to, const Packet& rest) const {
    return v6 ? build(Packet{Ip6{.saddr = from, .daddr = to}} / rest)
              : build(Packet{Ip4{.saddr = from, .daddr = to}} / rest);
  }
  Step in(const Packet& rest) const { return {"eth0", packet(peer, host, rest)}; }
  Step out(const Packet& rest) const { return {"", packet(host, peer, rest)}; }
};

const Ends kEnds[] = {
    {false, kHost, kPeer, kBehind, kUntracked, "192.0.2.77"},
    {true, kHost6, kPeer6, kBehind6, kUntracked6, "2001:db8::77"},
};

// Packets that make a connection, and the one that is asked about.
struct Scenario {
  std::string name;
  std::vector<Step> before;
  Step probe;
};

constexpr uint16_t kExpecting = 5000, kExpected = 6000, kToBeDnat = 7000, kToBeSnat = 7001;

// An ICMP error to what the host has sent.
Step unreachable(const Ends& ends, const Bytes& sent) {
  Packet error;
  if (ends.v6) {
    error.emplace_back(Icmp6{.type = 1, .code = 4, .rest = 0});
  } else {
    error.emplace_back(Icmp{.type = 3, .code = 3, .rest = 0});
  }
  error.emplace_back(Raw{.bytes = sent});
  return ends.in(error);
}

std::vector<Scenario> scenarios(const Ends& ends) {
  const Packet query{Udp{.sport = 40000, .dport = 53}};
  const Packet answer{Udp{.sport = 53, .dport = 40000}};
  const Packet syn{Tcp{.sport = 40000, .dport = 22, .flags = "S"}};
  const Packet syn_ack{Tcp{.sport = 22, .dport = 40000, .flags = "SA", .seq = 5000, .ack = 1001}};
  const Packet ack{Tcp{.sport = 40000, .dport = 22, .flags = "A", .seq = 1001, .ack = 5001}};
  const Packet to_be_dnat{Udp{.sport = 40000, .dport = kToBeDnat}};
  const Packet to_be_snat{Udp{.sport = 40000, .dport = kToBeSnat}};
  Packet echo;
  if (ends.v6) {
    echo.emplace_back(Icmp6{});
  } else {
    echo.emplace_back(Icmp{});
  }
  return {
      {"a first packet", {}, ends.in(query)},
      {"a second packet", {ends.in(query)}, ends.in(query)},
      {"an answer", {ends.out(query)}, ends.in(answer)},
      {"our answer", {ends.in(query)}, ends.out(answer)},
      {"our first packet", {}, ends.out(query)},
      {"passing through", {}, {"eth0", ends.packet(ends.peer, ends.behind, query)}},
      {"passing the other way", {}, {"eth1", ends.packet(ends.behind, ends.peer, query)}},
      {"passing back",
       {{"eth0", ends.packet(ends.peer, ends.behind, query)}},
       {"eth1", ends.packet(ends.behind, ends.peer, answer)}},
      {"SYN", {}, ends.in(syn)},
      {"SYN,ACK", {ends.out(syn)}, ends.in(syn_ack)},
      {"an assured connection", {ends.in(syn), ends.out(syn_ack), ends.in(ack)}, ends.in(ack)},
      {"an echo request", {}, ends.in(echo)},
      {"an error", {ends.out(query)}, unreachable(ends, ends.out(query).packet)},
      {"an invalid packet", {}, ends.in({Tcp{.dport = 22, .flags = "SF"}})},
      {"an untracked packet", {}, {"eth0", ends.packet(ends.untracked, ends.host, query)}},
      {"an expected connection",
       {ends.out({Udp{.sport = 40000, .dport = kExpecting}})},
       ends.in({Udp{.sport = 1234, .dport = kExpected}})},
      {"a translated destination", {}, ends.in(to_be_dnat)},
      {"a translated source", {ends.in(to_be_snat)}, ends.in(to_be_snat)},
  };
}

// Address translation and an expectation, by the test's own table.
std::string helper_table(const Ends& ends) {
  const std::string_view ip = ends.v6 ? "ip6" : "ip";
  const std::string host = ends.v6 ? fmt::format("[{}]", ends.host) : ends.host;
  return fmt::format(
      "table {0} conntrack_test {{\n"
      "  ct expectation later {{ protocol udp; dport {1}; timeout 1h; size 12; l3proto {0}; }}\n"
      "  chain expect {{ type filter hook output priority 0;\n"
      "    udp dport {2} ct expectation set \"later\"\n  }}\n"
      "  chain arriving {{ type nat hook prerouting priority -100;\n"
      "    udp dport {3} dnat to {4}:53\n  }}\n"
      "  chain arrived {{ type nat hook input priority 100; udp dport {5} snat to {6}; }}\n"
      "}}\n",
      ip, kExpected, kExpecting, kToBeDnat, host, kToBeSnat, ends.other);
}

// What stands behind "-m conntrack", without its negation.
std::vector<std::string> single_options(const Ends& ends) {
  std::vector<std::string> options = {
      "--ctstate NEW",
      "--ctstate ESTABLISHED",
      "--ctstate RELATED",
      "--ctstate INVALID",
      "--ctstate UNTRACKED",
      "--ctstate SNAT",
      "--ctstate DNAT",
      "--ctstate SNAT,DNAT",
      "--ctstate NEW,SNAT",
      "--ctstate INVALID,DNAT",
      "--ctproto tcp",
      "--ctproto udp",
      "--ctproto 0",
      "--ctorigsrcport 40000",
      "--ctorigdstport 53",
      "--ctorigdstport 7000:7001",
      "--ctreplsrcport 53:5000",
      "--ctreplsrcport 5000:53",
      "--ctrepldstport 40000:",
      "--ctstatus NONE",
      "--ctstatus EXPECTED",
      "--ctstatus SEEN_REPLY",
      "--ctstatus ASSURED",
      "--ctstatus CONFIRMED",
      "--ctstatus ASSURED,EXPECTED",
      "--ctexpire 500:600",
      "--ctexpire 0:200",
      "--ctexpire 400000:",
      "--ctexpire 0",
      "--ctexpire 600:500",
      "--ctexpire 4294967295",
  };
  const std::string half = ends.v6 ? "/48" : "/25";
  for (const char* name : {"ctorigsrc", "ctorigdst", "ctreplsrc", "ctrepldst"}) {
    options.push_back(fmt::format("--{} {}", name, ends.host));
    options.push_back(fmt::format("--{} {}", name, ends.peer));
    options.push_back(fmt::format("--{} {}{}", name, ends.behind, half));
    options.push_back(fmt::format("--{} {}/0", name, ends.behind));
  }
  options.push_back("--ctrepldst " + ends.other);
  return options;
}

std::vector<std::string> rules(const Ends& ends) {
  std::vector<std::string> rules;
  for (const std::string& option : single_options(ends)) {
    rules.push_back(option);
    rules.push_back("! " + option);
  }
  // With --ctstate the other options aren't asked where there is no connection.
  for (const char* more : {
           "--ctdir ORIGINAL",
           "--ctdir REPLY",
           "--ctstate RELATED,SNAT --ctdir REPLY",
           "--ctstate NEW,ESTABLISHED --ctdir ORIGINAL",
           "--ctstate INVALID --ctproto udp",
           "--ctstate NEW,UNTRACKED --ctdir REPLY",
           "--ctstate RELATED,INVALID,UNTRACKED --ctdir REPLY",
           "! --ctstate ESTABLISHED --ctproto tcp",
           "! --ctstate NEW,INVALID,UNTRACKED ! --ctproto tcp",
           "! --ctstate INVALID,UNTRACKED ! --ctstatus ASSURED",
           "! --ctstate DNAT --ctorigdstport 53",
           "--ctstate DNAT --ctorigdstport 7000 --ctreplsrcport 53",
           "--ctstate SNAT,NEW --ctstatus CONFIRMED --ctexpire 1:600 --ctdir ORIGINAL",
           "--ctstate ESTABLISHED,INVALID ! --ctrepldstport 0:39999 ! --ctexpire 0:200",
       }) {
    rules.emplace_back(more);
  }
  return rules;
}

// One firewall in a namespace of its own, for one family.
class Firewall {
 public:
  Firewall(const Ends& ends, XtablesPrograms programs)
      : rig_(net_), xtables_(net_, std::move(programs)) {
    net_.must_exec({"nft", "-f", "-"}, {.input = helper_table(ends)});
  }

  // What each rule counts of the probe.
  std::vector<RuleCounter> count(const Scenario& scenario, const std::string& ruleset) {
    rig_.flush_conntrack();
    rig_.run(scenario.before);
    xtables_.must_restore(ruleset);
    rig_.run({&scenario.probe, 1});
    std::vector<RuleCounter> counters = xtables_.counters();
    std::erase_if(counters, [](const RuleCounter& each) { return !each.rule.starts_with("-A "); });
    return counters;
  }

 private:
  NetNamespace net_;
  PacketRig rig_;
  Xtables xtables_;
};

struct Seen {
  unsigned hits = 0;
  unsigned misses = 0;
};

std::string ruleset(const std::vector<std::string>& rules) {
  std::string text;
  for (const char* chain : {"INPUT", "FORWARD", "OUTPUT"}) {
    for (const std::string& rule : rules)
      text += fmt::format("-A {} -m conntrack {}\n", chain, rule);
  }
  return filter(text);
}

class ConntrackMatch : public ::testing::TestWithParam<Ends> {};

TEST_P(ConntrackMatch, CountsWhatLegacyCountsForEveryOptionAndItsNegation) {
  if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
  const Ends& ends = GetParam();
  Firewall ours(ends, XtablesPrograms::in(BULKHEAD_BIN_DIR, ends.v6));
  Firewall legacy(ends, XtablesPrograms::legacy(ends.v6));
  const std::string all_rules = ruleset(rules(ends));

  std::map<std::string, Seen> seen;  // by rule, whatever the chain
  for (const Scenario& scenario : scenarios(ends)) {
    SCOPED_TRACE(scenario.name);
    const std::vector<RuleCounter> expected = legacy.count(scenario, all_rules);
    const std::vector<RuleCounter> counted = ours.count(scenario, all_rules);
    ASSERT_EQ(counted.size(), expected.size());
    std::map<std::string, bool> hit;
    for (size_t i = 0; i < counted.size(); ++i) {
      EXPECT_EQ(counted[i], expected[i])
          << "ours:   " << text(counted[i]) << "\nlegacy: " << text(expected[i]);
      hit[expected[i].rule.substr(expected[i].rule.find(" -m "))] |= expected[i].packets > 0;
    }
    for (const auto& [rule, was_hit] : hit) ++(was_hit ? seen[rule].hits : seen[rule].misses);
  }

  // A range from high to low and no status at all match nothing; their negations, and /0, every
  // connection.
  for (const auto& [rule, counts] : seen) {
    const bool never = rule.ends_with(" 600:500") || rule.ends_with(" 5000:53") ||
                       rule.ends_with(" NONE") || rule.ends_with(" 4294967295") ||
                       rule.ends_with(" --ctproto 0") || rule.ends_with("/0");
    EXPECT_TRUE(never || counts.hits > 0) << rule << " was never hit";
    EXPECT_GT(counts.misses, 0u) << rule << " was never missed";
  }
}

INSTANTIATE_TEST_SUITE_P(Families, ConntrackMatch, ::testing::ValuesIn(kEnds),
                         [](const auto& each) { return each.param.v6 ? "IPv6" : "IPv4"; });

}  // namespace
}  // namespace bulkhead::testing
