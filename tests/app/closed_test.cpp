// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/closed.h"

#include <gtest/gtest.h>

#include "app/explanation.h"
#include "app/rules_text.h"

namespace bulkhead::app {
namespace {

using backend::sim::Verdict;

Verdict verdict(const Config& config, const std::string& words) {
  const auto packet = net::parse_packet(words);
  EXPECT_TRUE(packet.ok()) << words;
  const net::Family family = packet->family();
  const auto rules =
      parse_rules(Source("closed", closed_rules(family, config)), family, Counts::kLeftOut);
  EXPECT_TRUE(rules.ok()) << render(rules.error(), Source("closed", closed_rules(family, config)));
  return explain(*rules, *packet, packet->direction()).verdict;
}

Config managed() {
  auto config = parse_config(
      "[management]\naddresses = ['192.0.2.1', '2001:db8:1::/64']\nssh_ports = [22, 2222]\n", "c");
  EXPECT_TRUE(config.ok());
  return *config;
}

TEST(ClosedRules, NobodyGetsInAndNothingPassesThrough) {
  for (const char* packet :
       {"tcp 192.0.2.1 > 192.0.2.2:80 in eth0", "udp 192.0.2.1 > 192.0.2.2:53 in eth0",
        "tcp [2001:db8:1::9]:9 > [2001:db8::2]:80 in eth0",
        "icmp 192.0.2.1 > 192.0.2.2 type redirect in eth0",
        "icmp6 2001:db8::1 > 2001:db8::2 type redirect in eth0",
        "tcp 192.0.2.1 > 198.51.100.1:22 in eth0 out eth1",
        "tcp 192.0.2.1 > 192.0.2.2:25 invalid in eth0 flags ack",
        "udp 192.0.2.1:67 > 192.0.2.2:69 in eth0",
        "udp [2001:db8::1]:547 > [2001:db8::2]:546 in eth0"}) {
    EXPECT_EQ(verdict(Config{}, packet), Verdict::kDrop) << packet;
  }
}

TEST(ClosedRules, AreKnownWhoeverManages) {
  for (const net::Family family : net::kFamilies) {
    for (const Config& config : {Config{}, managed()}) {
      const Source source("closed", closed_rules(family, config));
      const auto rules = parse_rules(source, family, Counts::kLeftOut);
      ASSERT_TRUE(rules.ok());
      EXPECT_TRUE(are_closed(*rules));
      ir::Ruleset more = *rules;
      more.tables.front().find("INPUT")->rules.pop_back();
      more.tables.front().find("INPUT")->rules.erase(
          more.tables.front().find("INPUT")->rules.begin());
      EXPECT_FALSE(are_closed(more));
    }
  }
}

TEST(ClosedRules, TheHostStaysAHost) {
  for (const char* packet :
       {"tcp 127.0.0.1 > 127.0.0.1:5432 in lo", "tcp [::1]:4000 > [::1]:5432 in lo",
        "tcp 203.0.113.1:80 > 192.0.2.2:40000 established in eth0",
        "icmp 203.0.113.1 > 192.0.2.2 type 3/4 related in eth0",
        "icmp 203.0.113.1 > 192.0.2.2 type echo-request in eth0",
        "udp 192.0.2.254:67 > 192.0.2.2:68 in eth0",
        "icmp6 fe80::1 > ff02::1 type 134 untracked in eth0",
        "icmp6 fe80::1 > ff02::1:ff00:2 type 135 untracked in eth0",
        "icmp6 fe80::1 > 2001:db8::2 type 136 untracked in eth0",
        "icmp6 2001:db8::1 > 2001:db8::2 type 2 invalid in eth0",
        "icmp6 fe80::1 > ff02::1 type 130 untracked in eth0",
        "udp [fe80::1]:547 > [fe80::2]:546 in eth0", "tcp 192.0.2.2 > 203.0.113.1:443 out eth0",
        "tcp [2001:db8::2]:9 > [2001:db8::1]:443 out eth0"}) {
    EXPECT_EQ(verdict(Config{}, packet), Verdict::kAccept) << packet;
  }
}

TEST(ClosedRules, SshIsForManagementOnlyWhereThatIsKnown) {
  const char* stranger = "tcp 198.51.100.9 > 192.0.2.2:22 in eth0";
  EXPECT_EQ(verdict(Config{}, stranger), Verdict::kAccept);
  EXPECT_EQ(verdict(managed(), stranger), Verdict::kDrop);
  EXPECT_EQ(verdict(managed(), "tcp 192.0.2.1 > 192.0.2.2:22 in eth0"), Verdict::kAccept);
  EXPECT_EQ(verdict(managed(), "tcp 192.0.2.1 > 192.0.2.2:2222 in eth0"), Verdict::kAccept);
  EXPECT_EQ(verdict(managed(), "tcp [2001:db8:1::5]:9 > [2001:db8::2]:22 in eth0"),
            Verdict::kAccept);
  EXPECT_EQ(verdict(managed(), "tcp [2001:db8:2::5]:9 > [2001:db8::2]:22 in eth0"), Verdict::kDrop);
}

TEST(ClosedRules, ManagementOfOneFamilyOnlyClosesTheOther) {
  const auto config = parse_config("[management]\naddresses = ['192.0.2.1']\n", "c");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(verdict(*config, "tcp [2001:db8::5]:9 > [2001:db8::2]:22 in eth0"), Verdict::kDrop);
}

}  // namespace
}  // namespace bulkhead::app
