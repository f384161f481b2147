// SPDX-License-Identifier: GPL-2.0-or-later
// DNAT with a base port: each port goes where iptables-legacy sends it. nf_tables can't count, so
// ours looks it up; the look-up has only the ports that the rule's own conditions let through.
#include <netinet/in.h>

#include "kernel/nat_fixture.h"

namespace bulkhead::testing {
namespace {

class NatPorts : public NatTest {
 protected:
  std::string rule(const std::string& conditions, const std::string& ports) const {
    return fmt::format("-A PREROUTING {} -j DNAT --to-destination {}\n", conditions,
                       with_port(behind(), ports));
  }

  // Where each of these ports goes: on both, with one connection each.
  void expect_ports(const std::string& rules, const std::vector<std::pair<uint16_t, int>>& wanted) {
    for (const auto& firewall : both_) {
      load(*firewall, rules);
      for (const auto& [dport, becomes] : wanted) {
        const Outcome outcome = firewall->rig.inject("eth0", udp(peer(), 40000, host(), dport));
        const std::string expected =
            becomes < 0 ? "for this host"
                        : at("eth1", peer(), 40000, behind(), static_cast<unsigned>(becomes));
        EXPECT_EQ(told(outcome), expected) << firewall->name << ", " << dport << " by " << rules;
        firewall->rig.flush_conntrack();
      }
    }
  }
};

TEST_P(NatPorts, CountFromTheBase) {
  // Also those that lie in the new range already; below the base it counts modulo 65536.
  expect_ports(rule("-p udp", "1000-2000/1500"), {{1500, 1000},
                                                  {1501, 1001},
                                                  {1600, 1100},
                                                  {2500, 2000},
                                                  {2501, 1000},
                                                  {65535, 1000 + (65535 - 1500) % 1001},
                                                  {1499, 1000 + 65535 % 1001},
                                                  {0, 1000 + (65536 - 1500) % 1001}});
  expect_ports(rule("-p udp", "5000-5099/5000"), {{5000, 5000}, {5050, 5050}, {5100, 5000}});
}

TEST_P(NatPorts, OfTheRulesOwnPorts) {
  expect_ports(rule("-p udp --dport 2000:2099", "3000-3099/2000"),
               {{1999, -1}, {2000, 3000}, {2099, 3099}, {2100, -1}});
  expect_ports(
      rule("-p udp -m multiport --dports 7,2000:2010 -m udp ! --dport 2005", "3000-3099/2000"),
      {{7, 3000 + (65536 + 7 - 2000) % 100}, {2000, 3000}, {2005, -1}, {2010, 3010}, {2011, -1}});
}

TEST_P(NatPorts, TheSameWithRandom) {
  const std::string base = rule("-p udp", "1000-2000/1500");
  expect_ports(base.substr(0, base.size() - 1) + " --random\n", {{1501, 1001}, {1600, 1100}});
}

// Nothing but the port is different, and the answer comes from the old one.
TEST_P(NatPorts, TheAnswerIsTranslatedBack) {
  expect(rule("-p udp", "1000-2000/3000"),
         {{{"eth0", udp(peer(), 40000, host(), 3007)}, at("eth1", peer(), 40000, behind(), 1007)},
          {{"eth1", udp(behind(), 1007, peer(), 40000)}, at("eth0", host(), 3007, peer(), 40000)}},
         {1});
}

// 1500 and 1502 both go to 1000. For the second connection from the same port iptables-legacy takes
// the next one; ours has no next one, and its source port becomes another.
TEST_P(NatPorts, TwoThatComeTogether) {
  for (const auto& firewall : both_) {
    load(*firewall, rule("-p tcp", "1000-1001/1500"));
    const auto sent = [&](uint16_t dport) {
      const Tcp syn{.sport = 40000, .dport = dport};
      return told(firewall->rig.inject("eth0", v6() ? to_host6({syn}) : to_host({syn})));
    };
    const std::string first = at("eth1", peer(), 40000, behind(), 1000);
    EXPECT_EQ(sent(1500), first) << firewall->name;
    const std::string second = sent(1502);
    if (firewall.get() == &ours()) {
      EXPECT_NE(second, first);
      EXPECT_TRUE(second.starts_with(fmt::format("eth1: {} ", peer()))) << second;
      EXPECT_TRUE(second.ends_with(fmt::format(" > {} 1000", behind()))) << second;
    } else {
      EXPECT_EQ(second, at("eth1", peer(), 40000, behind(), 1001));
    }
  }
}

TEST_P(NatPorts, NeedOneProtocol) {
  const ExecResult refused =
      tables(ours()).command({"-t", "nat", "-A", "PREROUTING", "!", "-p", "tcp", "-j", "DNAT",
                              "--to-destination", with_port(behind(), "1000-2000/1500")});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("one protocol"), std::string::npos) << refused.err;
}

// A command after it reads all of the look-up back and finds it sound.
TEST_P(NatPorts, TheirTableIsSound) {
  load(ours(), rule("-p tcp", "1000-2000/1500") + rule("-p udp", "1000-2000/1500"));
  must(ours(), {"-t", "nat", "-A", "PREROUTING", "-s", peer(), "-j", "ACCEPT"});
  EXPECT_EQ(counts(ours()).size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(Families, NatPorts, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "IPv6" : "IPv4"; });

// Of ICMP it is the identifier of an echo that counts.
class NatEcho : public TwoFirewalls {};

TEST_F(NatEcho, CountsByItsIdentifier) {
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(
        fmt::format("*nat\n-A PREROUTING -p icmp -j DNAT --to-destination {}:1000-2000/0x1234\n"
                    "COMMIT\n",
                    kBehind));
    firewall->rig.flush_conntrack();
    const Bytes echo = to_host({Icmp{.rest = 0x12390001}});
    const Outcome outcome = firewall->rig.inject("eth0", echo);
    ASSERT_EQ(outcome.emitted.size(), 1u) << firewall->name;
    const Bytes& packet = outcome.emitted[0].packet;
    EXPECT_EQ(packet.at(24) << 8 | packet.at(25), 1005) << firewall->name;
  }
}

}  // namespace
}  // namespace bulkhead::testing
