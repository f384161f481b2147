// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/json.h"
#include "app/rules_text.h"

namespace bulkhead::app {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

RulesToAnalyse rules(const std::string& name, const std::string& text,
                     std::vector<net::Family> families = {net::Family::kIpv4}) {
  RulesToAnalyse all{.name = name, .rulesets = {}, .source = Source(name, text)};
  for (const net::Family family : families) {
    auto parsed = parse_rules(*all.source, family, Counts::kLeftOut);
    EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
    if (parsed) all.rulesets.push_back(*std::move(parsed));
  }
  return all;
}

std::string filter(const std::string& lines) { return "*filter\n" + lines + "COMMIT\n"; }

Diff diff(const std::string& before, const std::string& after) {
  auto found = diff_of(rules("old", before), rules("new", after), {});
  EXPECT_TRUE(found.ok()) << (found.ok() ? "" : found.error().message);
  return found ? *std::move(found) : Diff{};
}

TEST(Diff, TellsThePacketsAnExampleAndBothVerdicts) {
  const Diff found =
      diff(filter(":INPUT DROP\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n"),
           filter(":INPUT DROP\n-A INPUT -s 10.0.0.0/9 -p tcp --dport 22 -j ACCEPT\n"));
  EXPECT_EQ(exit_code(found), 1);
  EXPECT_EQ(diff_text(found, Paint()),
            "IPv4, table filter, INPUT closes:\n"
            "  tcp to port 22 from 10.128.0.0/9\n"
            "    for example tcp 10.128.0.1:40000 > 192.0.2.20:22 new in eth0 flags syn\n"
            "    old  accepted by rule 1 of INPUT  -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j "
            "ACCEPT\n"
            "    new  dropped by the policy of INPUT\n"
            "\n"
            "IPv4: different\n");
}

TEST(Diff, WhatOpensComesFirst) {
  const Diff found = diff(filter("-A INPUT -p udp --dport 53 -j DROP\n"),
                          filter("-A INPUT -p tcp --dport 23 -j DROP\n"));
  ASSERT_GE(found.families[0].changes.size(), 2u);
  EXPECT_EQ(found.families[0].changes.front().before.words, "dropped");
  EXPECT_EQ(found.families[0].changes.back().after.words, "dropped");
}

TEST(Diff, NamesOfChainsCountersAndLogsAreNoBehaviour) {
  const std::string before = filter(":a -\n-A INPUT -j a\n-A a -s 10.0.0.1 -j DROP\n");
  const Diff renamed = diff(before, filter(":b -\n-A INPUT -j b\n-A b -s 10.0.0.1 -j DROP\n"));
  EXPECT_EQ(diff_text(renamed, Paint()), "IPv4: the same: the rules differ, not what they do\n");
  const Diff logged = diff(before, filter("-A INPUT -j LOG\n-A INPUT -s 10.0.0.1 -j DROP\n"));
  EXPECT_EQ(diff_text(logged, Paint()),
            "IPv4: the same: the rules differ, also in what they log\n");
  const Diff same = diff(before, before);
  EXPECT_EQ(exit_code(same), 0);
  EXPECT_EQ(diff_text(same, Paint()), "IPv4: the same: the rules are the same\n");
}

TEST(Diff, TheKindOfARejectIsBehaviour) {
  const Diff found = diff(filter("-A INPUT -p tcp -j REJECT\n"),
                          filter("-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"));
  EXPECT_THAT(diff_text(found, Paint()), HasSubstr("rejected (tcp-reset) by rule 1 of INPUT"));
}

TEST(Diff, MarksAndTranslationsAreBehaviour) {
  const Diff marked = diff("*mangle\n-A INPUT -p tcp -j MARK --set-mark 1\nCOMMIT\n",
                           "*mangle\n-A INPUT -p tcp -j MARK --set-mark 2\nCOMMIT\n");
  EXPECT_THAT(diff_text(marked, Paint()), HasSubstr("accepted, mark 0x2 by rule 1 of INPUT"));
  const Diff translated =
      diff("*nat\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1\nCOMMIT\n",
           "*nat\nCOMMIT\n");
  EXPECT_EQ(exit_code(translated), 1);
  // The mark of a packet that is dropped is nobody's business.
  const Diff dropped =
      diff("*mangle\n-A INPUT -p tcp -j MARK --set-mark 1\n-A INPUT -p tcp -j DROP\nCOMMIT\n",
           "*mangle\n-A INPUT -p tcp -j DROP\nCOMMIT\n");
  EXPECT_EQ(exit_code(dropped), 0);
}

// The kernel translates nothing where the packet has that address already.
TEST(Diff, ATranslationToWhereThePacketGoesAnywayIsNone) {
  const auto nat = [](const std::string& rule) {
    return "*nat\n-A PREROUTING -p tcp " + rule + "\nCOMMIT\n";
  };
  const std::string there = "-d 192.0.2.20 ";
  EXPECT_EQ(exit_code(diff(nat(there + "-j DNAT --to-destination 192.0.2.20"), nat("-j ACCEPT"))),
            0);
  EXPECT_EQ(exit_code(diff(nat(there + "--dport 80 -j DNAT --to-destination :80"),
                           nat(there + "--dport 80 -j DNAT --to-destination 192.0.2.20:80"))),
            0);
  EXPECT_EQ(
      exit_code(diff(nat(there + "-j DNAT --to-destination 192.0.2.20:80"), nat("-j ACCEPT"))), 1);
  const Diff found = diff(nat("-j DNAT --to-destination 192.0.2.20"), nat("-j ACCEPT"));
  ASSERT_EQ(exit_code(found), 1);
  EXPECT_THAT(found.families[0].changes[0].witness, Not(HasSubstr("> 192.0.2.20:")));
}

// A witness is for `bulkhead explain`, and for who sends it: with other words the kernel would call
// it something else.
TEST(Diff, TheExampleIsAPacketThatConnectionTrackingCallsSo) {
  const auto witness = [](const std::string& rules, net::Family family = net::Family::kIpv4) {
    const auto before = parse_rules(Source("a", filter(rules)), family, Counts::kLeftOut);
    const auto after = parse_rules(Source("b", filter("")), family, Counts::kLeftOut);
    EXPECT_TRUE(before.ok() && after.ok());
    const auto found = diff_of(*before, *after, {});
    EXPECT_TRUE(found.ok());
    return found->changes.at(0).witness;
  };
  EXPECT_THAT(witness("-A INPUT -p icmp -j DROP\n"), HasSubstr("type 8/0"));
  // The type lies where others have a source port.
  EXPECT_THAT(witness("-A INPUT -p icmp -j DROP\n-A INPUT -p udp --sport 1024: -j ACCEPT\n"),
              HasSubstr("type 8/0"));
  EXPECT_THAT(witness("-A INPUT -p icmp -m conntrack --ctstate RELATED -j DROP\n"),
              HasSubstr("type 3/0"));
  EXPECT_THAT(witness("-A INPUT -p ipv6-icmp -m conntrack --ctstate ESTABLISHED -j DROP\n",
                      net::Family::kIpv6),
              HasSubstr("type 129/0"));
}

TEST(Diff, AnAuthenticationHeaderIsAProtocolOfIpv6) {
  const auto found = [](const std::string& rule) {
    const auto before =
        parse_rules(Source("a", filter(rule)), net::Family::kIpv6, Counts::kLeftOut);
    const auto after = parse_rules(Source("b", filter("")), net::Family::kIpv6, Counts::kLeftOut);
    return diff_of(*before, *after, {})->changes.size();
  };
  EXPECT_EQ(found("-A INPUT -p ah -j DROP\n"), 1u);
  EXPECT_EQ(found("-A INPUT -p 60 -j DROP\n"), 1u);  // of a later fragment
}

// It is no packet that the rule says nothing of.
TEST(Diff, TheExampleHasTheLengthTheTimeToLiveAndTheAddressThatItTakes) {
  const auto witness = [](const std::string& before, const std::string& after) {
    const Diff found = diff(filter(before), filter(after));
    EXPECT_EQ(exit_code(found), 1);
    return found.families[0].changes.at(0).witness;
  };
  EXPECT_THAT(witness("-A INPUT -m ttl --ttl-lt 5 -j DROP\n", ""), HasSubstr(" ttl 1"));
  EXPECT_THAT(witness("-A INPUT -m length --length 30:35 -j DROP\n", ""), HasSubstr("udp"));
  EXPECT_THAT(witness("-A INPUT -m length --length 40:1500 -j ACCEPT\n",
                      ":INPUT DROP\n-A INPUT -m length --length 40:1500 -j ACCEPT\n"),
              AnyOf(HasSubstr("length"), Not(HasSubstr("tcp"))));
  const std::string mac = "-m mac --mac-source 02:00:5e:10:00:01 -j ";
  EXPECT_THAT(
      witness("-A INPUT " + mac + "DROP\n", "-A INPUT " + mac +
                                                "DROP\n-A INPUT -m mac ! --mac-source "
                                                "02:00:5e:10:00:01 -j ACCEPT\n-A INPUT -j DROP\n"),
      Not(HasSubstr("mac")));
}

// What TTL makes of a packet, the rules behind it can't be asked of; each change has its name.
TEST(Diff, WhatDependsOnMoreThanThePacketIsntClaimed) {
  const std::string ttl = "*mangle\n-A PREROUTING -j TTL --ttl-inc 1\n";
  EXPECT_EQ(exit_code(diff(ttl + "COMMIT\n", ttl + "COMMIT\n")), 0);
  EXPECT_EQ(
      exit_code(diff(ttl + "COMMIT\n", "*mangle\n-A PREROUTING -j TTL --ttl-inc 2\nCOMMIT\n")), 1);
  EXPECT_EQ(exit_code(diff(ttl + "COMMIT\n", ttl + "-A PREROUTING -j TTL --ttl-inc 1\nCOMMIT\n")),
            1);
  const Diff unknown = diff(ttl + "-A PREROUTING -m ttl --ttl-lt 5 -j DROP\nCOMMIT\n",
                            ttl + "-A PREROUTING -m ttl --ttl-gt 4 -j DROP\nCOMMIT\n");
  EXPECT_EQ(exit_code(unknown), 2);
  EXPECT_THAT(diff_text(unknown, Paint()), HasSubstr("it can't be known"));
  EXPECT_TRUE(Json::parse(diff_json(unknown))["same"].is_null());
}

TEST(Diff, LimitsAreTheSameQuestionWhereTheWholeRuleIs) {
  const std::string limit = "-A INPUT -p tcp -m limit --limit 1/sec -j ACCEPT\n";
  EXPECT_EQ(exit_code(diff(filter(":INPUT DROP\n" + limit),
                           filter(":INPUT DROP\n:x -\n-A INPUT -j x\n-A x " + limit.substr(9)))),
            0);
  EXPECT_EQ(exit_code(diff(filter(":INPUT DROP\n" + limit),
                           filter(":INPUT DROP\n-A INPUT -p tcp -m limit --limit 2/sec -j "
                                  "ACCEPT\n"))),
            1);
}

// One of two equal rules with a memory is another rule: packets that the first lets by may meet it.
TEST(Diff, AnEqualRuleWithAMemoryFewerIsADifference) {
  const std::string random = "-A INPUT -m statistic --mode random --probability 0.5 -j DROP\n";
  EXPECT_EQ(exit_code(diff(filter(random + random), filter(random))), 1);
  EXPECT_EQ(exit_code(diff(filter(random), filter(random + random))), 1);
  EXPECT_EQ(exit_code(diff(filter(random + random), filter(random + random))), 0);
  const std::string limit = "-A INPUT -m limit --limit 1/s -j ACCEPT\n";
  EXPECT_EQ(
      exit_code(diff(filter(":INPUT DROP\n" + limit + limit), filter(":INPUT DROP\n" + limit))), 1);
}

TEST(Diff, ARuleWithAMemoryIsTheSameThoughAnotherChainHasOneMore) {
  const std::string forward = ":FORWARD DROP\n-A FORWARD -m limit --limit 1/s -j ACCEPT\n";
  const Diff found =
      diff(filter(":INPUT DROP\n" + forward),
           filter(":INPUT DROP\n-A INPUT -m limit --limit 1/s -j ACCEPT\n" + forward));
  ASSERT_EQ(exit_code(found), 1);
  for (const ToldChange& change : found.families[0].changes) EXPECT_EQ(change.chain, "INPUT");
}

TEST(Diff, ARuleWithAMemoryThatMovedIsTheSame) {
  const std::string limit = "-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT\n";
  const std::string other = "-A INPUT -p udp -j ACCEPT\n";
  EXPECT_EQ(exit_code(diff(filter(":INPUT DROP\n" + limit + other),
                           filter(":INPUT DROP\n" + other + limit))),
            0);
}

TEST(Diff, CommentsMakeNoDifference) {
  const auto rules = [](const std::string& comment) {
    return filter(":INPUT DROP\n-A INPUT -p tcp -m limit --limit 1/s " + comment + "-j ACCEPT\n");
  };
  EXPECT_EQ(exit_code(diff(rules("-m comment --comment a "), rules("-m comment --comment b "))), 0);
  EXPECT_EQ(exit_code(diff(rules("-m comment --comment a "), rules(""))), 0);
  // Nor where what a rule writes can't be known.
  const auto unknown = [](const std::string& comment) {
    return "*mangle\n-A PREROUTING -j TTL --ttl-inc 1\n-A PREROUTING -m ttl --ttl-lt 5 -m comment "
           "--comment " +
           comment + " -j DROP\nCOMMIT\n";
  };
  EXPECT_EQ(exit_code(diff(unknown("a"), unknown("b"))), 0);
}

TEST(Diff, BitsThatAreFlippedAreADifference) {
  const auto mangle = [](const std::string& target) {
    return "*mangle\n" + (target.empty() ? "" : "-A PREROUTING -j " + target + "\n") + "COMMIT\n";
  };
  EXPECT_EQ(exit_code(diff(mangle("MARK --xor-mark 1"), mangle(""))), 1);
  EXPECT_EQ(exit_code(diff(mangle("MARK --xor-mark 1"), mangle("MARK --xor-mark 2"))), 1);
  EXPECT_EQ(exit_code(diff(mangle("MARK --xor-mark 1"), mangle("MARK --xor-mark 1"))), 0);
  EXPECT_EQ(exit_code(diff(mangle("MARK --set-xmark 3/2"), mangle("MARK --set-xmark 2/2"))), 1);
  EXPECT_EQ(exit_code(diff(mangle("TOS --xor-tos 0x10"), mangle(""))), 1);
  EXPECT_EQ(exit_code(diff(mangle("CONNMARK --xor-mark 1"), mangle(""))), 1);
  const std::string proxy = "-A PREROUTING -p tcp -j TPROXY --on-port 80 --tproxy-mark ";
  EXPECT_EQ(
      exit_code(diff("*mangle\n" + proxy + "1/2\nCOMMIT\n", "*mangle\n" + proxy + "0/2\nCOMMIT\n")),
      1);
}

TEST(Diff, AMarkIsOneChangeWhateverMarkThePacketHas) {
  const auto mangle = [](const std::string& target) {
    return "*mangle\n-A INPUT -p tcp --dport 81 -j MARK --set-mark 7\n"
           "-A INPUT -p tcp --dport 81 -j " +
           target + "\nCOMMIT\n";
  };
  const Diff found = diff(mangle("CONNMARK --save-mark"), mangle("CONNMARK --set-mark 5"));
  const auto& changes = found.families[0].changes;
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].before.words, "accepted, mark 0x7, connection's mark that of the packet");
  EXPECT_EQ(changes[0].after.words, "accepted, mark 0x7, connection's mark 0x5");
  const Diff flips = diff("*mangle\n-A INPUT -j MARK --xor-mark 1\nCOMMIT\n", "*mangle\nCOMMIT\n");
  EXPECT_EQ(flips.families[0].changes.front().before.words, "accepted, mark with 0x1 flipped");
}

TEST(Diff, MarkingNoBitIsNothing) {
  const auto mangle = [](const std::string& rules) { return "*mangle\n" + rules + "COMMIT\n"; };
  const std::string mark = "-A PREROUTING -j CONNMARK --set-mark 1\n";
  EXPECT_EQ(
      exit_code(diff(mangle(mark + "-A PREROUTING -j CONNMARK --set-xmark 0/0\n"), mangle(mark))),
      0);
  EXPECT_EQ(exit_code(diff(mangle("-A PREROUTING -j MARK --xor-mark 0\n"), mangle(""))), 0);
  EXPECT_EQ(exit_code(diff(mangle("-A PREROUTING -j CONNMARK --set-xmark 1/1\n"),
                           mangle("-A PREROUTING -j CONNMARK --or-mark 1\n"))),
            0);
}

TEST(Diff, AForwardedPacketHasBothInterfacesAtPostrouting) {
  const std::string called = "*mangle\n:u - [0:0]\n-A POSTROUTING -j u\n";
  const Diff found = diff(called + "-A u -i eth0 -j DROP\nCOMMIT\n", called + "COMMIT\n");
  ASSERT_EQ(exit_code(found), 1);
  EXPECT_EQ(found.families[0].changes[0].chain, "POSTROUTING");
  EXPECT_THAT(found.families[0].changes[0].witness, HasSubstr("in eth0 out "));
}

TEST(Diff, AMissingTableIsEmptyAndAMissingFamilyIsNotCompared) {
  EXPECT_EQ(exit_code(diff("*mangle\nCOMMIT\n", filter(""))), 0);
  const auto both = rules("both", filter(""), {net::Family::kIpv4, net::Family::kIpv6});
  const auto found = diff_of(rules("v4", filter("")), both, {});
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(diff_text(*found, Paint()), HasSubstr("IPv6: not compared, only both speaks of it"));
  EXPECT_FALSE(
      diff_of(rules("v4", filter("")), rules("v6", filter(""), {net::Family::kIpv6}), {}).ok());
}

TEST(Diff, ManyExactWordsBecomeWhatTheyHaveInCommon) {
  std::string dropped = ":FORWARD DROP\n";
  for (int i = 0; i < 10; ++i)
    dropped += "-A FORWARD -s 10." + std::to_string(3 * i) + ".0.0/16 -o eth" +
               std::to_string(i % 4) + " -j DROP\n";
  const Diff found = diff(filter(dropped), filter(dropped + "-A FORWARD -p tcp --dport 80 -j "
                                                            "ACCEPT\n"));
  EXPECT_THAT(diff_text(found, Paint()), HasSubstr("  some of: tcp to port 80\n"));
}

}  // namespace
}  // namespace bulkhead::app
