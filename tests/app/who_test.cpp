// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/who.h"

#include <gtest/gtest.h>

#include "app/command/explain.h"
#include "app/remedy.h"
#include "app/rules_text.h"

namespace bulkhead::app {
namespace {

ir::Ruleset rules_of(const std::string& text) {
  auto rules = parse_rules(Source("test", text), net::Family::kIpv4, Counts::kLeftOut);
  EXPECT_TRUE(rules.ok()) << rules.error().message;
  return *rules;
}

// As `bulkhead explain --who` tells it, without its head.
std::string who(const std::string& rules, const std::string& service,
                net::Direction direction = net::Direction::kInput) {
  const auto services = policy::parse_service(Source("--who", service), net::SystemNames());
  const auto groups = who_reaches(rules_of(rules), *services, direction, {});
  EXPECT_TRUE(groups.ok());
  const std::string text =
      who_text({.packet = {}, .files = {}, .who = service, .direction = direction, .limits = {}},
               {{.family = net::Family::kIpv4,
                 .groups = *groups,
                 .led = led_to(rules_of(rules), *services, direction)}},
               Paint());
  return text.substr(text.find("IPv4\n") + 5);
}

constexpr const char* kRules =
    "*filter\n:INPUT DROP\n:ssh - [0:0]\n-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT\n"
    "-A INPUT -p tcp --dport 22 -j ssh\n-A INPUT -p tcp --dport 80 -j ACCEPT\n"
    "-A INPUT -p udp -i eth1 -m limit --limit 1/s -j ACCEPT\n"
    "-A ssh -s 10.0.0.1 -j DROP\n-A ssh -s 10.0.0.0/8 -j ACCEPT\n-A ssh -s 192.0.2.7 -j "
    "ACCEPT\nCOMMIT\n";

TEST(Who, SourcesAndTheRulesThatLetThemIn) {
  EXPECT_EQ(who(kRules, "tcp/22"),
            "  from 10.0.0.0/8 except 10.0.0.1\n"
            "      passes by rule 2 of ssh  -s 10.0.0.0/8 -j ACCEPT\n"
            "  from 192.0.2.7\n"
            "      passes by rule 3 of ssh  -s 192.0.2.7/32 -j ACCEPT\n");
  EXPECT_EQ(who(kRules, "tcp/80"),
            "  anybody\n      passes by rule 4 of INPUT  -p tcp -m tcp --dport 80 -j ACCEPT\n");
  EXPECT_EQ(who(kRules, "tcp/443"), "  nobody\n");
}

TEST(Who, ALimitAndAnInterface) {
  EXPECT_EQ(who(kRules, "udp/53"),
            "  anybody, in eth1\n"
            "      may pass by rule 5 of INPUT  -i eth1 -p udp -m limit --limit 1/sec -j ACCEPT\n");
}

TEST(Who, ThePolicyLetsInWhatNoRuleStops) {
  EXPECT_EQ(who("*filter\n-A OUTPUT -d 10.0.0.0/8 -j REJECT\nCOMMIT\n", "tcp/25",
                net::Direction::kOutput),
            "  to any except 10.0.0.0/8\n      passes by the policy of OUTPUT\n");
  EXPECT_EQ(who("", "tcp/25"), "  anybody\n      passes: there are no rules\n");
}

TEST(Who, APublishedPortIsReached) {
  EXPECT_EQ(who("*nat\n-A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination "
                "172.17.0.2:80\nCOMMIT\n*filter\n:FORWARD DROP\n-A FORWARD -d 172.17.0.2 -p tcp "
                "--dport 80 -j ACCEPT\nCOMMIT\n",
                "tcp/8080", net::Direction::kForward),
            "  anybody, in eth0\n      passes by rule 1 of FORWARD  -d 172.17.0.2/32 -p tcp -m tcp "
            "--dport 80 -j ACCEPT\n");
}

TEST(Who, AnyProtocol) {
  EXPECT_EQ(
      who("*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n", "all"),
      "  tcp to port 22\n      passes by rule 1 of INPUT  -p tcp -m tcp --dport 22 -j ACCEPT\n");
  EXPECT_EQ(who("*filter\n-A INPUT -s 10.0.0.1 -j DROP\nCOMMIT\n", "0"),
            "  from any except 10.0.0.1\n      passes by the policy of INPUT\n");
}

TEST(Who, AZoneOfRawIsNoRulesNumber) {
  EXPECT_EQ(who("*raw\n-A PREROUTING -j CT --zone 1\nCOMMIT\n*filter\n:INPUT DROP\n"
                "-A INPUT -p udp -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n"
                "-A INPUT -p tcp -j ACCEPT\nCOMMIT\n",
                "tcp/22"),
            "  anybody\n      passes by rule 3 of INPUT  -p tcp -j ACCEPT\n");
}

TEST(Who, AProgramMayLetItPassWhereThePolicyDoesnt) {
  EXPECT_EQ(
      who("*filter\n:INPUT DROP\n-A INPUT -p tcp -j NFQUEUE --queue-num 1\nCOMMIT\n", "tcp/22"),
      "  anybody\n      may pass by rule 1 of INPUT  -p tcp -j NFQUEUE --queue-num 1\n");
}

TEST(Who, NobodyIsToldOfWhatWasntAsked) {
  EXPECT_EQ(
      who("*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n", "tcp/20-30"),
      "  to port 22\n      passes by rule 1 of INPUT  -p tcp -m tcp --dport 22 -j ACCEPT\n");
  EXPECT_EQ(who("*filter\n:INPUT DROP\n-A INPUT -p icmp --icmp-type 8 -j ACCEPT\nCOMMIT\n", "icmp"),
            "  type 8\n      passes by rule 1 of INPUT  -p icmp -m icmp --icmp-type 8 -j ACCEPT\n");
}

TEST(Who, RulesOfNatThatLeadOtherPortsThereAreTold) {
  const std::string rules =
      "*nat\n:web - [0:0]\n-A PREROUTING -p tcp --dport 2222 -j REDIRECT --to-ports 22\n"
      "-A PREROUTING -j web\n-A web -p tcp --dport 8022 -j DNAT --to-destination 10.0.0.5:22\n"
      "-A web -p tcp --dport 22 -j REDIRECT --to-ports 22\n"
      "-A web -p udp --dport 23 -j REDIRECT --to-ports 22\nCOMMIT\n"
      "*filter\n:INPUT DROP\n:FORWARD DROP\nCOMMIT\n";
  EXPECT_EQ(who(rules, "tcp/22"),
            "  nobody\n"
            "  note: rule 1 of nat PREROUTING leads tcp port 2222 there: ask `--who tcp/2222'\n"
            "  note: rule 1 of nat web leads tcp port 8022 to 10.0.0.5:22: ask `--who tcp/8022'\n");
  EXPECT_EQ(who(rules, "tcp/22", net::Direction::kForward),
            "  nobody\n  note: rule 1 of nat web leads tcp port 8022 to 10.0.0.5:22: ask `--who "
            "tcp/8022 --forward'\n");
  EXPECT_EQ(who(rules, "tcp/23"), "  nobody\n");
}

std::string remedy(const std::string& rules, const std::string& words) {
  const auto packet = net::parse_packet(words);
  EXPECT_TRUE(packet.ok());
  const ir::Ruleset loaded = rules_of(rules);
  const Remedy found =
      remedy_for({loaded, *packet, {}, explain(loaded, *packet, packet->direction())});
  const std::string note = found.note.empty() ? "" : "; " + found.note;
  return (found.addition ? command_of(*found.addition, loaded.family) : "") + note;
}

TEST(Remedy, ARuleAtThePlaceWhereItIsDecided) {
  EXPECT_EQ(remedy(kRules, "tcp 192.0.2.9 > 192.0.2.1:443 in eth0"),
            "iptables -A INPUT -p tcp --dport 443 -s 192.0.2.9 -j ACCEPT");
  EXPECT_EQ(remedy(kRules, "tcp 10.0.0.1 > 192.0.2.1:22 in eth0"),
            "iptables -I INPUT 3 -p tcp --dport 22 -s 10.0.0.1 -j ACCEPT")
      << "in front of the call of the chain that drops it";
  EXPECT_EQ(remedy(kRules, "tcp 10.0.0.2 > 192.0.2.1:22 in eth0"),
            "iptables -I INPUT 3 -p tcp --dport 22 -s 10.0.0.2 -j DROP");
  EXPECT_EQ(remedy(kRules, "icmp 10.0.0.2 > 192.0.2.1 in eth0"),
            "iptables -A INPUT -p icmp --icmp-type 8 -s 10.0.0.2 -j ACCEPT");
}

TEST(Remedy, FilterSeesWhatNatHasMade) {
  EXPECT_EQ(remedy("*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n"
                   "*filter\n:INPUT DROP\nCOMMIT\n",
                   "tcp 10.0.0.1 > 10.1.0.1:80 in eth0"),
            "iptables -A INPUT -p tcp --dport 8080 -s 10.0.0.1 -j ACCEPT");
  EXPECT_EQ(remedy("*nat\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.2.0.2\n"
                   "COMMIT\n*filter\n:FORWARD DROP\nCOMMIT\n",
                   "tcp 10.0.0.1 > 10.1.0.1:80 in eth0 out eth1"),
            "iptables -A FORWARD -p tcp --dport 80 -s 10.0.0.1 -d 10.2.0.2 -j ACCEPT");
}

TEST(Remedy, OtherHooksTablesAndStates) {
  EXPECT_EQ(remedy(kRules, "tcp 192.0.2.1 > 192.0.2.9:25 out eth0"),
            "iptables -A OUTPUT -p tcp --dport 25 -d 192.0.2.9 -j DROP");
  EXPECT_EQ(
      remedy("*filter\n:FORWARD DROP\nCOMMIT\n", "udp 10.0.0.1 > 10.1.0.1:53 in eth0 out eth1"),
      "iptables -A FORWARD -p udp --dport 53 -s 10.0.0.1 -d 10.1.0.1 -j ACCEPT");
  EXPECT_EQ(remedy("*filter\n:INPUT DROP\nCOMMIT\n",
                   "tcp 10.0.0.1:80 > 10.1.0.1:40000 established in eth0"),
            "iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT");
  EXPECT_EQ(
      remedy("*raw\n-A PREROUTING -p udp -j DROP\nCOMMIT\n", "udp 10.0.0.1 > 10.1.0.1:53 in eth0"),
      "iptables -t raw -I PREROUTING 1 -p udp --dport 53 -s 10.0.0.1 -j ACCEPT");
  EXPECT_EQ(remedy("*raw\n-A PREROUTING -p udp -j DROP\nCOMMIT\n*filter\n:INPUT DROP\nCOMMIT\n",
                   "udp 10.0.0.1 > 10.1.0.1:53 in eth0"),
            "")
      << "one rule isn't enough";
}

TEST(Remedy, NoRuleGoesAroundALimit) {
  const auto limited = [](const std::string& condition) {
    return remedy(
        "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 22 -m " + condition + " -j ACCEPT\nCOMMIT\n",
        "tcp 192.0.2.9 > 192.0.2.1:22 in eth0");
  };
  const std::string kHangs =
      "; whether it passes hangs on the limit of rule 1 of INPUT: a rule that lets it pass would "
      "make that pointless";
  EXPECT_EQ(limited("hashlimit --hashlimit-upto 10/min --hashlimit-mode srcip --hashlimit-name s"),
            kHangs);
  EXPECT_EQ(limited("connlimit --connlimit-upto 5"), kHangs);
  EXPECT_EQ(limited("recent --set --name S"), kHangs);
  // Who is over a limit doesn't get in by the remedy either.
  const std::string above =
      "*filter\n:INPUT DROP\n-A INPUT -p tcp -m hashlimit --hashlimit-above 10/min "
      "--hashlimit-mode srcip --hashlimit-name s -j DROP\n";
  EXPECT_EQ(remedy(above + "COMMIT\n", "tcp 192.0.2.9 > 192.0.2.1:22 in eth0"),
            "iptables -A INPUT -p tcp --dport 22 -s 192.0.2.9 -j ACCEPT; the limit of rule 1 of "
            "INPUT may still stop it");
  EXPECT_EQ(remedy(above + "-A INPUT -j DROP\nCOMMIT\n", "tcp 192.0.2.9 > 192.0.2.1:22 in eth0"),
            "iptables -I INPUT 2 -p tcp --dport 22 -s 192.0.2.9 -j ACCEPT; the limit of rule 1 of "
            "INPUT may still stop it");
}

TEST(Remedy, ARuleThatBlocksStandsBeforeWhatMayAccept) {
  const std::string rules =
      "*filter\n:INPUT DROP\n:ssh - [0:0]\n-A INPUT -p tcp -j ssh\n"
      "-A INPUT -p tcp --dport 22 -m recent --set --name S -j ACCEPT\n"
      "-A INPUT -p tcp --dport 22 -j ACCEPT\n";
  EXPECT_EQ(remedy(rules + "COMMIT\n", "tcp 192.0.2.9 > 192.0.2.1:22 in eth0"),
            "iptables -I INPUT 2 -p tcp --dport 22 -s 192.0.2.9 -j DROP");
  EXPECT_EQ(remedy(rules + "-A ssh -m physdev --physdev-in p0 -j ACCEPT\nCOMMIT\n",
                   "tcp 192.0.2.9 > 192.0.2.1:22 in eth0"),
            "iptables -I INPUT 1 -p tcp --dport 22 -s 192.0.2.9 -j DROP");
}

TEST(Remedy, WhatLetsPassDoesSoWhateverTheKernelKnows) {
  EXPECT_EQ(remedy("*filter\n:INPUT DROP\n-A INPUT -p udp -j ACCEPT\n"
                   "-A INPUT -m physdev --physdev-in p0 -j DROP\nCOMMIT\n",
                   "tcp 192.0.2.9 > 192.0.2.1:22 in eth0"),
            "iptables -I INPUT 2 -p tcp --dport 22 -s 192.0.2.9 -j ACCEPT");
}

}  // namespace
}  // namespace bulkhead::app
