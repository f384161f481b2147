// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/explanation.h"

#include <gtest/gtest.h>

#include "app/command/explain.h"
#include "app/rules_text.h"

namespace bulkhead::app {
namespace {

using backend::sim::Truth;
using backend::sim::Verdict;

// The seed's web server before its last rule.
constexpr const char* kSeed =
    "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -p tcp --dport 22 -s 192.168.56.1 -j ACCEPT\n"
    "-A INPUT -p tcp --dport 80 -j ACCEPT\n"
    "COMMIT\n";

using Commands = std::vector<std::string>;
constexpr std::string_view kAnswers =
    "iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT";

ir::Ruleset parsed(const std::string& text, net::Family family = net::Family::kIpv4) {
  auto rules = parse_rules(Source("test", text), family, Counts::kLeftOut);
  EXPECT_TRUE(rules.ok()) << rules.error().message;
  return *rules;
}

net::PacketText packet(const std::string& words) {
  auto read = net::parse_packet(words);
  EXPECT_TRUE(read.ok()) << words << ": " << read.error().message;
  return *read;
}

Explanation explained(const std::string& rules, const std::string& words) {
  const auto one = packet(words);
  return explain(parsed(rules, one.family()), one, one.direction());
}

TEST(Explain, AForwardedPacketKeepsItsInterfacesUpToPostrouting) {
  const std::string rules =
      "*mangle\n:u - [0:0]\n-A POSTROUTING -j u\n-A u -i eth0 -j DROP\nCOMMIT\n";
  EXPECT_EQ(explained(rules, "tcp 10.0.0.1 > 203.0.113.1:80 in eth0 out eth1").decided,
            "rule 1 of u");
  EXPECT_EQ(explained(rules, "tcp 10.0.0.1 > 203.0.113.1:80 out eth1").verdict, Verdict::kAccept);
}

TEST(Explain, TheAttackerDoesNotReachSsh) {
  const auto answer = explained(kSeed, "tcp 192.168.56.66:40000 > 192.168.56.20:22 new in eth1");
  EXPECT_EQ(answer.verdict, Verdict::kDrop);
  EXPECT_EQ(answer.decided, "the policy of INPUT");
  ASSERT_EQ(answer.passages.size(), 1U);
  const auto& met = answer.passages[0].met;
  ASSERT_EQ(met.size(), 4U);
  EXPECT_EQ(met[0].why, "it doesn't come in on lo");
  EXPECT_EQ(met[1].why, "its source is not 192.168.56.1");
  EXPECT_EQ(met[2].why, "its destination port is not 80 (http)");
  EXPECT_EQ(met[3].rule, "policy DROP");
}

TEST(Explain, TheRuleThatDecidesIsNamed) {
  const auto answer = explained(kSeed, "tcp 192.168.56.1:40000 > 192.168.56.20:22 new in eth1");
  EXPECT_EQ(answer.verdict, Verdict::kAccept);
  EXPECT_EQ(answer.decided, "rule 2 of INPUT");
  EXPECT_EQ(answer.passages[0].met.back().why, "it is accepted");
}

TEST(Explain, TheDirectionChoosesTheHook) {
  EXPECT_EQ(explained(kSeed, "tcp 192.168.56.20 > 203.0.113.1:80 out eth0").decided,
            "the policy of OUTPUT");
  EXPECT_EQ(explained(kSeed, "tcp 10.0.0.1 > 203.0.113.1:80 in eth0 out eth1").decided,
            "the policy of FORWARD");
}

TEST(Explain, NegationsAreTurnedRound) {
  const auto answer = explained(
      "*filter\n-A INPUT ! -s 192.0.2.0/24 -j DROP\n-A INPUT -p tcp -m multiport ! --dports 80,443 "
      "-j DROP\nCOMMIT\n",
      "tcp 192.0.2.9 > 192.0.2.1:443 in eth0");
  EXPECT_EQ(answer.passages[0].met[0].why, "its source is 192.0.2.0/24");
  EXPECT_EQ(answer.passages[0].met[1].matched, Truth::kNo);
  EXPECT_EQ(answer.passages[0].met[1].why.find("not"), std::string::npos)
      << answer.passages[0].met[1].why;
}

TEST(Explain, UserChainsAreWalkedAndReturnedFrom) {
  const auto answer = explained(
      "*filter\n:web - [0:0]\n-A INPUT -p tcp -j web\n-A INPUT -j DROP\n-A web -p tcp --dport 443 "
      "-j ACCEPT\nCOMMIT\n",
      "tcp 192.0.2.9 > 192.0.2.1:80 in eth0");
  const auto& met = answer.passages[0].met;
  ASSERT_EQ(met.size(), 3U);
  EXPECT_EQ(met[0].why, "on to chain web");
  EXPECT_EQ(met[1].chain, "web");
  EXPECT_EQ(met[1].depth, 1U);
  EXPECT_EQ(answer.decided, "rule 2 of INPUT");
}

TEST(Explain, AnEarlierTableMayEndIt) {
  const auto answer =
      explained("*raw\n-A PREROUTING -p udp -j DROP\nCOMMIT\n*filter\n-A INPUT -j ACCEPT\nCOMMIT\n",
                "udp 192.0.2.9 > 192.0.2.1:53 in eth0");
  EXPECT_EQ(answer.verdict, Verdict::kDrop);
  EXPECT_EQ(answer.decided, "rule 1 of PREROUTING");
  EXPECT_EQ(answer.passages.size(), 1U) << "the filter isn't reached";
}

TEST(Explain, BeforeConnectionTrackingEveryPacketIsInvalid) {
  const auto answer = explained(
      "*raw\n-A PREROUTING -m state --state NEW -j DROP\nCOMMIT\n*filter\n-A INPUT -j "
      "ACCEPT\nCOMMIT\n",
      "udp 192.0.2.9 > 192.0.2.1:53 new in eth0");
  EXPECT_EQ(answer.verdict, Verdict::kAccept);
}

TEST(Explain, WhatOnlyTheKernelKnowsIsNamedAsACondition) {
  const auto answer = explained(
      "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
      "-A INPUT -m physdev --physdev-in p0 -j NFLOG\n"
      "-A INPUT -m physdev --physdev-in p0 -j ACCEPT\n"
      "-A INPUT -p udp -m physdev --physdev-in p0 -j ACCEPT\nCOMMIT\n",
      "tcp 192.0.2.9 > 192.0.2.1 in eth0");
  EXPECT_EQ(answer.decided, "the policy of INPUT");
  EXPECT_EQ(answer.unless, std::vector<std::string>{"rule 2 of INPUT"});
}

TEST(Explain, WithoutRulesItSaysSo) {
  const auto answer = explained("", "tcp 192.0.2.9 > 192.0.2.1:80 in eth0");
  EXPECT_EQ(answer.verdict, Verdict::kAccept);
  EXPECT_EQ(answer.decided, "no rules are loaded");
}

TEST(Explain, WithoutTableFilterItSaysSo) {
  const auto answer = explained("*raw\n-A PREROUTING -p udp -j ACCEPT\nCOMMIT\n",
                                "tcp 192.0.2.9 > 192.0.2.1:80 in eth0");
  EXPECT_EQ(answer.decided, "table filter has no rules");
  const std::string told = explain_text(answer, Paint());
  EXPECT_NE(told.find("accepted: table filter has no rules"), std::string::npos) << told;
}

TEST(Explain, ANewPacketKnowsItsConnection) {
  const char* rules =
      "*filter\n:INPUT DROP\n-A INPUT -m conntrack ! --ctproto tcp -j ACCEPT\n"
      "-A INPUT -p tcp -m conntrack --ctorigdstport 80 -j ACCEPT\nCOMMIT\n";
  EXPECT_EQ(explained(rules, "tcp 192.0.2.9 > 192.0.2.1:80 in eth0").decided, "rule 2 of INPUT");
  EXPECT_EQ(explained(rules, "tcp 192.0.2.9 > 192.0.2.1:22 in eth0").decided,
            "the policy of INPUT");
}

TEST(ExplainConnection, TheAnswerToAnUntrackedPacketIsOfNoConnection) {
  const std::string raw = "*raw\n-A PREROUTING -p tcp --dport 80 -j NOTRACK\n";
  const std::string filter =
      "COMMIT\n*filter\n:OUTPUT DROP\n-A OUTPUT -m state --state ESTABLISHED -j ACCEPT\n";
  const auto web = packet("tcp 192.0.2.9 > 192.0.2.1:80 in eth0");
  const auto lost = explain_connection(parsed(raw + filter + "COMMIT\n"), web);
  EXPECT_FALSE(lost.works());
  EXPECT_NE(lost.answer.packet.find(" invalid "), std::string::npos) << lost.answer.packet;
  EXPECT_NE(explain_text(lost, Paint()).find("its first packet isn't tracked"), std::string::npos);
  const auto both =
      explain_connection(parsed(raw + "-A OUTPUT -p tcp --sport 80 -j NOTRACK\n" + filter +
                                "-A OUTPUT -m state --state UNTRACKED -j ACCEPT\nCOMMIT\n"),
                         web);
  EXPECT_TRUE(both.works());
  const auto dns =
      explain_connection(parsed("*raw\n-A PREROUTING -p udp -j NOTRACK\n" + filter + "COMMIT\n"),
                         packet("udp 192.0.2.9 > 192.0.2.1:53 in eth0"));
  EXPECT_NE(dns.answer.packet.find(" new "), std::string::npos) << dns.answer.packet;
  EXPECT_FALSE(dns.works());
}

TEST(ExplainConnection, TheAnswerIsLookedForInItsOwnZone) {
  const auto works = [](const std::string& raw) {
    return explain_connection(parsed("*raw\n" + raw +
                                     "COMMIT\n*filter\n:OUTPUT DROP\n-A OUTPUT -m state --state "
                                     "ESTABLISHED -j ACCEPT\nCOMMIT\n"),
                              packet("tcp 192.0.2.9 > 192.0.2.1:80 in eth0"))
        .works();
  };
  EXPECT_FALSE(works("-A PREROUTING -j CT --zone 1\n"));
  EXPECT_FALSE(works("-A PREROUTING -j CT --zone 1\n-A OUTPUT -j CT --zone 2\n"));
  EXPECT_TRUE(works("-A PREROUTING -j CT --zone 1\n-A OUTPUT -j CT --zone 1\n"));
  EXPECT_TRUE(works("-A PREROUTING -j CT --zone-orig 1\n"));
  EXPECT_FALSE(works("-A PREROUTING -j CT --zone-reply 1\n"));
}

// xt_CT.c of the kernel leaves a packet alone that has a template, or is untracked, already.
TEST(Explanation, TheFirstRuleOfRawThatSaysWhereAPacketIsTrackedStands) {
  const auto verdict = [](const std::string& raw, const std::string& state,
                          const std::string& words = "tcp 192.0.2.9 > 192.0.2.1:80 in eth0") {
    return explained("*raw\n" + raw + "COMMIT\n*filter\n:INPUT DROP\n-A INPUT -m state --state " +
                         state + " -j ACCEPT\nCOMMIT\n",
                     words)
        .verdict;
  };
  const std::string zone = "-A PREROUTING -j CT --zone 1\n", none = "-A PREROUTING -j NOTRACK\n";
  EXPECT_EQ(verdict(zone + none, "NEW"), Verdict::kAccept);
  EXPECT_EQ(verdict(zone + none, "UNTRACKED"), Verdict::kDrop);
  EXPECT_EQ(verdict(none + zone, "UNTRACKED"), Verdict::kAccept);
  EXPECT_EQ(verdict(none + zone, "NEW"), Verdict::kDrop);
  EXPECT_EQ(verdict(none, "NEW", "tcp 127.0.0.1 > 127.0.0.1:80 in lo"), Verdict::kAccept)
      << "it has its connection from OUTPUT";
}

TEST(ExplainConnection, TheKernelDropsAnAnswerThatClashesWithItsConnection) {
  const auto dns = packet("udp 192.0.2.9 > 192.0.2.1:53 in eth0");
  const auto clash =
      explain_connection(parsed("*raw\n-A PREROUTING -j CT --zone-reply 1\nCOMMIT\n"), dns);
  EXPECT_FALSE(clash.works());
  EXPECT_NE(explain_text(clash, Paint()).find("a second one between the same two"),
            std::string::npos);
  EXPECT_TRUE(
      explain_connection(parsed("*raw\n-A PREROUTING -j CT --zone 1\nCOMMIT\n"), dns).works());
}

TEST(ExplainConnection, TranslatedThereAndBack) {
  const auto web = explain_connection(
      parsed("*nat\n-A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination "
             "172.17.0.2:80\n-A POSTROUTING -o eth1 -j SNAT --to-source 172.17.0.1\nCOMMIT\n"
             "*filter\n:FORWARD DROP\n-A FORWARD -d 172.17.0.2 -p tcp --dport 80 -j ACCEPT\n"
             "-A FORWARD -s 172.17.0.2 -d 198.51.100.9 -p tcp --sport 80 -j ACCEPT\nCOMMIT\n"),
      packet("tcp 198.51.100.9:40000 > 192.0.2.1:8080 in eth0 out eth1"));
  EXPECT_TRUE(web.works()) << explain_text(web, Paint());
  EXPECT_TRUE(web.answer.packet.starts_with("tcp 172.17.0.2:80 > 172.17.0.1:40000 established"))
      << web.answer.packet;
  EXPECT_EQ(net::to_string(web.answer.left.source), "192.0.2.1");
  EXPECT_EQ(web.answer.left.source_port, 8080);
  const auto local = explain_connection(
      parsed("*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n"
             "*filter\n:INPUT DROP\n:OUTPUT DROP\n-A INPUT -p tcp --dport 8080 -j ACCEPT\n"
             "-A OUTPUT -p tcp --sport 8080 -j ACCEPT\nCOMMIT\n"),
      packet("tcp 198.51.100.9:40000 > 192.0.2.1:80 in eth0"));
  EXPECT_TRUE(local.works()) << explain_text(local, Paint());
}

TEST(ExplainConnection, WhyCurlHangsAndWhatHelps) {
  const auto curl = explain_connection(
      parsed(kSeed), packet("tcp 192.168.56.20:40000 > 203.0.113.80:80 out eth0"));
  EXPECT_FALSE(curl.works());
  EXPECT_EQ(curl.first.verdict, Verdict::kAccept);
  EXPECT_EQ(curl.answer.verdict, Verdict::kDrop);
  EXPECT_EQ(curl.answer.direction, net::Direction::kInput);
  EXPECT_EQ(curl.remedies, Commands{std::string(kAnswers)});
  const std::string told = explain_text(curl, Paint());
  EXPECT_NE(told.find("the answers to it are dropped by the policy of INPUT"), std::string::npos)
      << told;
}

TEST(ExplainConnection, WithTheSeedsLastRuleItWorks) {
  std::string rules = kSeed;
  rules.insert(rules.find("COMMIT"), "-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT\n");
  const auto curl = explain_connection(
      parsed(rules), packet("tcp 192.168.56.20:40000 > 203.0.113.80:80 out eth0"));
  EXPECT_TRUE(curl.works());
  EXPECT_TRUE(curl.remedies.empty());
}

TEST(ExplainConnection, BehindARuleThatDropsTheRemedyGoesInFront) {
  std::string rules = kSeed;
  rules.insert(rules.find("COMMIT"), "-A INPUT -j REJECT\n");
  const auto curl = explain_connection(
      parsed(rules), packet("tcp 192.168.56.20:40000 > 203.0.113.80:80 out eth0"));
  EXPECT_EQ(curl.remedies,
            Commands{"iptables -I INPUT 4 -m state --state ESTABLISHED,RELATED -j ACCEPT"});
}

TEST(ExplainConnection, IfTheFirstPacketIsDroppedTheAnswersAreNotTheReason) {
  const auto ssh = explain_connection(parsed(kSeed),
                                      packet("tcp 192.168.56.66:40000 > 192.168.56.20:22 in eth1"));
  EXPECT_FALSE(ssh.works());
  EXPECT_EQ(ssh.remedies,
            Commands{"iptables -A INPUT -p tcp --dport 22 -s 192.168.56.66 -j ACCEPT"});
}

TEST(ExplainConnection, ForwardedBothWays) {
  const auto both = explain_connection(
      parsed("*filter\n:FORWARD DROP\n-A FORWARD -i eth0 -o eth1 -j ACCEPT\nCOMMIT\n"),
      packet("tcp 10.0.0.1 > 10.1.0.1:80 in eth0 out eth1"));
  EXPECT_EQ(both.first.verdict, Verdict::kAccept);
  EXPECT_EQ(both.answer.verdict, Verdict::kDrop);
  EXPECT_EQ(both.remedies,
            Commands{"iptables -A FORWARD -m state --state ESTABLISHED,RELATED -j ACCEPT"});
}

TEST(ExplainConnection, Ipv6HasItsOwnCommand) {
  const auto curl =
      explain_connection(parsed("*filter\n:INPUT DROP\nCOMMIT\n", net::Family::kIpv6),
                         packet("tcp [2001:db8::2]:40000 > [2001:db8::80]:80 out eth0"));
  EXPECT_EQ(curl.remedies,
            Commands{"ip6tables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT"});
}

TEST(ExplainConnection, TheRuleForAnswersAloneIsntToldWhereMoreIsMissing) {
  const auto web = explain_connection(parsed("*filter\n:INPUT DROP\n:OUTPUT DROP\nCOMMIT\n"),
                                      packet("tcp 192.0.2.9:40000 > 192.0.2.1:80 in eth0"));
  EXPECT_EQ(web.remedies,
            (Commands{"iptables -A INPUT -p tcp --dport 80 -s 192.0.2.9 -j ACCEPT",
                      "iptables -A OUTPUT -m state --state ESTABLISHED,RELATED -j ACCEPT"}));
  EXPECT_EQ(explain_text(web, Paint()).find("let it in"), std::string::npos);
}

// By lo a packet meets OUTPUT and then INPUT, in both directions.
TEST(ExplainConnection, OverLoItComesInAgain) {
  const auto rules = parsed(
      "*filter\n:INPUT DROP\n-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
      "-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n");
  for (const char* words : {"tcp 127.0.0.1:40000 > 127.0.0.1:3000 out lo",
                            "tcp 127.0.0.1:40000 > 127.0.0.1:3000 in lo"}) {
    const auto local = explain_connection(rules, packet(words));
    EXPECT_FALSE(local.works());
    EXPECT_EQ(local.first.decided, "the policy of INPUT");
    EXPECT_EQ(local.remedies, Commands{"iptables -A INPUT -i lo -j ACCEPT"});
    const std::string told = explain_text(local, Paint());
    EXPECT_NE(told.find("dropped by the policy of INPUT, as it comes in again by lo."),
              std::string::npos)
        << told;
  }
  EXPECT_TRUE(explain_connection(rules, packet("tcp 127.0.0.1 > 127.0.0.1:22 out lo")).works());
}

TEST(ExplainConnection, OverLoTwoRulesMayBeMissing) {
  const std::string rules =
      "*filter\n:INPUT DROP\n:OUTPUT DROP\n-A INPUT -p tcp --dport 3000 -j ACCEPT\n"
      "-A OUTPUT -p tcp --sport 80 -m conntrack --ctstate ESTABLISHED -j ACCEPT\n";
  const auto local = packet("tcp 127.0.0.1:40000 > 127.0.0.1:3000 in lo");
  const auto cut = explain_connection(parsed(rules + "COMMIT\n"), local);
  EXPECT_FALSE(cut.works());
  EXPECT_EQ(cut.first.decided, "the policy of OUTPUT");
  EXPECT_EQ(cut.remedies,
            (Commands{"iptables -A OUTPUT -o lo -j ACCEPT", "iptables -A INPUT -i lo -j ACCEPT"}));
  const auto typed = explain_connection(
      parsed(rules + "-A OUTPUT -o lo -j ACCEPT\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n"), local);
  EXPECT_TRUE(typed.works());
  EXPECT_EQ(typed.answer.decided, "rule 2 of OUTPUT and rule 2 of INPUT");
}

TEST(ExplainConnection, OverLoOutputTranslatesAndMarksStay) {
  const auto local = explain_connection(
      parsed("*nat\n-A OUTPUT -o lo -p tcp --dport 80 -j REDIRECT --to-ports 8080\n"
             "-A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 9090\nCOMMIT\n"
             "*mangle\n-A OUTPUT -o lo -j MARK --set-mark 7\nCOMMIT\n"
             "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 8080 -m mark --mark 7 -j ACCEPT\n"
             "-A INPUT -p tcp --sport 80 -m state --state ESTABLISHED -j ACCEPT\nCOMMIT\n"),
      packet("tcp 127.0.0.1:40000 > 127.0.0.1:80 out lo"));
  EXPECT_TRUE(local.works()) << explain_text(local, Paint());
}

// nf_nat_inet_fn() asks once for each half of a translation; of what comes by lo that was on its
// way out.
TEST(Explain, TableNatIsntAskedOfWhatComesInByLo) {
  const std::string rules =
      "*nat\n-A PREROUTING -p tcp --dport 8099 -j REDIRECT --to-ports 3000\n"
      "-A INPUT -j SNAT --to-source 192.0.2.1\nCOMMIT\n"
      "*filter\n:INPUT DROP\n-A INPUT -i lo -p tcp --dport 8099 -j DROP\n-A INPUT -j ACCEPT\n"
      "COMMIT\n";
  const auto local = explained(rules, "tcp 127.0.0.1:40000 > 127.0.0.1:8099 in lo");
  EXPECT_EQ(local.decided, "rule 1 of INPUT");
  EXPECT_EQ(local.passages.size(), 1U);
  EXPECT_EQ(explained(rules, "tcp 192.0.2.9 > 192.0.2.1:8099 in eth0").decided, "rule 2 of INPUT");
}

TEST(Explain, APacketThatIsSentElsewhereIsForwarded) {
  const std::string rules =
      "*nat\n-A PREROUTING -p tcp --dport 8443 -j DNAT --to-destination 10.9.0.99:443\n"
      "-A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80\nCOMMIT\n"
      "*filter\n:INPUT DROP\n:FORWARD DROP\n-A FORWARD -d 10.9.0.99 -p tcp --dport 443 -j ACCEPT\n"
      "COMMIT\n";
  const auto sent = explained(rules, "tcp 192.0.2.9:1 > 192.0.2.1:8443 in eth0");
  EXPECT_EQ(sent.goes_to, "10.9.0.99:443");
  const std::string told = explain_text(sent, Paint());
  EXPECT_NE(told.find("it now goes to 10.9.0.99:443: if that is not this host it is forwarded"),
            std::string::npos)
      << told;
  EXPECT_NE(explain_json(sent, {}).find("\"goes_to\": \"10.9.0.99:443\""), std::string::npos);
  EXPECT_EQ(explained(rules, "tcp 192.0.2.9 > 192.0.2.1:8080 in eth0").goes_to, "");
  EXPECT_EQ(explained(rules, "tcp 192.0.2.9 > 192.0.2.1:8443 in eth0 out eth1").goes_to, "");
  const auto both =
      explain_connection(parsed(rules), packet("tcp 192.0.2.9:1 > 192.0.2.1:8443 in eth0"));
  EXPECT_TRUE(both.remedies.empty() && both.first.remedy.empty());
  EXPECT_NE(explain_text(both, Paint()).find("it now goes to 10.9.0.99:443"), std::string::npos);
}

TEST(Explain, LaterFragmentsArePutTogetherBefore) {
  const char* words = "udp 192.0.2.9:1 > 192.0.2.1:5353 fragment 185 in eth0";
  const std::string plain = "*filter\n:INPUT DROP\n-A INPUT -p udp --dport 5353 -j ACCEPT\n";
  const auto told = explain_text(explained(plain + "COMMIT\n", words), Paint());
  EXPECT_NE(told.find("ask for the whole packet"), std::string::npos) << told;
  EXPECT_EQ(told.find("dropped"), std::string::npos) << told;
  const auto json = explain_json(explained(plain + "COMMIT\n", words), {});
  EXPECT_NE(json.find("\"verdict\": null"), std::string::npos) << json;
  // Before INPUT, only connection tracking does it.
  const std::string raw = "*raw\n-A PREROUTING -f -j DROP\nCOMMIT\n";
  EXPECT_FALSE(explained(raw + plain + "COMMIT\n", words).never_comes);
  const std::string tracked = plain + "-A INPUT -m state --state NEW -j DROP\nCOMMIT\n";
  EXPECT_TRUE(explained(raw + tracked, words).never_comes);
  EXPECT_TRUE(explained(tracked, std::string(words) + " out eth1").never_comes);
  EXPECT_FALSE(explained(plain + "COMMIT\n", std::string(words) + " out eth1").never_comes);
}

}  // namespace
}  // namespace bulkhead::app
