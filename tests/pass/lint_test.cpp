// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/lint.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ext/fixed_names.h"
#include "lang/restore.h"

namespace bulkhead::pass {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kWords[] = {"never", "contradiction", "idle", "unused", "twin", "open"};

ir::Ruleset rules(const std::string& lines, net::Family family = net::Family::kIpv4,
                  const std::string& more = "") {
  static const ext::FixedNames names;
  ir::Ruleset parsed{.family = family, .tables = {}};
  const auto done = lang::restore(Source("rules", "*filter\n" + lines + "COMMIT\n" + more),
                                  {.names = &names}, parsed);
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
  return parsed;
}

// "never INPUT 2 <- 1"
std::vector<std::string> said(const std::vector<Lint>& lints) {
  std::vector<std::string> all;
  for (const Lint& lint : lints) {
    std::string text =
        fmt::format("{} {}", kWords[static_cast<size_t>(lint.kind)], lint.place.chain);
    if (lint.place.rule) text += fmt::format(" {}", *lint.place.rule + 1);
    for (const RulePlace& other : lint.others) text += fmt::format(" <- {}", *other.rule + 1);
    all.push_back(text);
  }
  return all;
}

std::vector<std::string> lints(const std::string& lines) {
  const Lints found = lint(rules(lines), {});
  EXPECT_TRUE(found.unfinished.empty());
  return said(found.found);
}

TEST(Lint, SoundRulesAreNotRemarkedOn) {
  EXPECT_THAT(lints(":INPUT DROP\n:admin -\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack "
                    "--ctstate ESTABLISHED -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -j admin\n-A INPUT -p "
                    "tcp --dport 80 -j ACCEPT\n-A admin -p tcp --dport 22 -j ACCEPT\n"),
              IsEmpty());
}

TEST(Lint, RulesThatNeverMatchNameThoseThatTakeTheirPackets) {
  EXPECT_THAT(lints(":INPUT DROP\n-A INPUT -s 10.0.0.0/9 -j ACCEPT\n-A INPUT -s 10.128.0.0/9 -j "
                    "ACCEPT\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 80 -j DROP\n"),
              ElementsAre("never INPUT 3 <- 1 <- 2"));
}

TEST(Lint, ContradictoryConditions) {
  EXPECT_THAT(lints(":INPUT DROP\n-A INPUT -p udp -m multiport --dports 53 -m udp --dport 54 -j "
                    "ACCEPT\n"),
              ElementsAre("contradiction INPUT 1"));
}

TEST(Lint, RulesBehindWhichTheSameHappensChangeNothing) {
  EXPECT_THAT(lints("-A OUTPUT -s 10.0.0.1 -j ACCEPT\n-A OUTPUT -s 10.0.0.2 -j DROP\n"
                    "-A OUTPUT -p tcp --dport 80 -j ACCEPT\n"),
              ElementsAre("idle OUTPUT 1", "idle OUTPUT 3"));
  // What is dropped behind it for others isn't for its packets.
  EXPECT_THAT(lints("-A OUTPUT -s 10.0.0.0/8 -p tcp --dport 81 -j DROP\n-A OUTPUT -s 10.0.0.0/8 -j "
                    "ACCEPT\n-A OUTPUT -p tcp --dport 81 -j DROP\n"),
              ElementsAre("idle OUTPUT 2"));
  EXPECT_THAT(lints(":c -\n-A OUTPUT -s 10.0.0.1 -j c\n-A c -j RETURN\n"), ElementsAre("idle c 1"));
}

TEST(Lint, RulesThatCountOrLogOrRememberAreLeftAlone) {
  EXPECT_THAT(lints("-A OUTPUT -s 10.0.0.1\n-A OUTPUT -s 10.0.0.1 -j LOG\n-A OUTPUT -s 10.0.0.1 -m "
                    "limit --limit 1/sec -j ACCEPT\n"),
              IsEmpty());
}

TEST(Lint, ChainsThatNobodyJumpsTo) {
  EXPECT_THAT(lints(":a -\n:b -\n-A a -j b\n"), ElementsAre("unused a", "unused b"));
}

TEST(Lint, AdministrativePortsOpenToAnyAddress) {
  const auto words = [](const std::string& lines) {
    std::string all;
    for (const Lint& each : lint(rules(lines), {}).found)
      if (each.kind == LintKind::kOpenPort) all += each.words;
    return all;
  };
  EXPECT_EQ(words(":INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"),
            "this opens an administrative port to any address: 22");
  EXPECT_EQ(words(":INPUT DROP\n-A INPUT -p tcp --dport 137:445 -j ACCEPT\n"),
            "this opens administrative ports to any address: 137, 138, 139, 445");
  EXPECT_EQ(words(":INPUT DROP\n-A INPUT -p tcp --dport 22 -s 10.0.0.0/8 -j ACCEPT\n"), "");
  EXPECT_EQ(words(":INPUT DROP\n-A INPUT -p tcp --dport 22 ! -s 10.0.0.0/8 -j DROP\n"
                  "-A INPUT -p tcp --dport 22 -j ACCEPT\n"),
            "");
  EXPECT_EQ(words(":INPUT DROP\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate "
                  "ESTABLISHED,RELATED -j ACCEPT\n"),
            "");
  EXPECT_EQ(words(":INPUT DROP\n:mgmt -\n-A INPUT -s 10.0.0.0/8 -j mgmt\n"
                  "-A mgmt -p tcp --dport 22 -j ACCEPT\n"),
            "");
}

// What opens administrative ports, and in which words.
std::vector<std::string> open(const std::string& lines, const std::string& more = "",
                              net::Family family = net::Family::kIpv4) {
  std::vector<Lint> found = lint(rules(lines, family, more), {}).found;
  std::erase_if(found, [](const Lint& it) { return it.kind != LintKind::kOpenPort; });
  return said(found);
}

TEST(Lint, APortIsOpenByTheMeasureOfItsSources) {
  const std::string drop = ":INPUT DROP\n";
  const auto from = [&](const std::string& source) {
    return "-A INPUT -p tcp --dport 22 -s " + source + " -j ACCEPT\n";
  };
  EXPECT_THAT(open(drop + from("0.0.0.3/0.0.0.3")), IsEmpty());
  EXPECT_THAT(open(drop + from("0.0.0.0/1")), IsEmpty());
  EXPECT_THAT(open(drop + from("0.0.0.0/1") + from("128.0.0.0/1")),
              ElementsAre("open INPUT 1 <- 2"));
  EXPECT_THAT(open(drop + from("0.0.0.0/2") + from("64.0.0.0/2") + from("128.0.0.0/2")),
              ElementsAre("open INPUT 1 <- 2 <- 3"));
  // Of IPv6 an eighth is given out.
  EXPECT_THAT(open(drop + from("2000::/3"), "", net::Family::kIpv6), ElementsAre("open INPUT 1"));
  EXPECT_THAT(open(drop + from("2001:db8::/32"), "", net::Family::kIpv6), IsEmpty());
}

TEST(Lint, APolicyOpensPortsToo) {
  EXPECT_THAT(open("-A INPUT -p tcp --dport 80 -j DROP\n"), ElementsAre("open INPUT"));
  EXPECT_THAT(open("-A INPUT -s 10.0.0.0/8 -j ACCEPT\n-A INPUT -j DROP\n"), IsEmpty());
  // Where nothing is said of what comes in, nor of what is forwarded.
  EXPECT_THAT(open("-A OUTPUT -p tcp --dport 80 -j DROP\n"), IsEmpty());
  EXPECT_THAT(open(":INPUT DROP\n-A FORWARD -p tcp --dport 80 -j DROP\n"), IsEmpty());
}

TEST(Lint, APortThatAnotherTableShutsIsntOpen) {
  const std::string ssh = ":INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n";
  EXPECT_THAT(open(ssh), ElementsAre("open INPUT 1"));
  EXPECT_THAT(open(ssh, "*raw\n-A PREROUTING ! -s 10.0.0.0/8 -p tcp --dport 22 -j DROP\nCOMMIT\n"),
              IsEmpty());
  EXPECT_THAT(open(ssh, "*mangle\n-A INPUT -s 0.0.0.0/1 -j DROP\nCOMMIT\n"), IsEmpty());
  EXPECT_THAT(open(ssh, "*mangle\n-A INPUT -s 10.0.0.0/8 -j DROP\nCOMMIT\n"),
              ElementsAre("open INPUT 1"));
}

TEST(Lint, NoPortIsOpenedToAMarkThatNothingGives) {
  const std::string marked = ":INPUT DROP\n-A INPUT -m mark --mark 1 -j ACCEPT\n";
  EXPECT_THAT(open(marked), IsEmpty());
  EXPECT_THAT(open(":INPUT DROP\n-A INPUT -m connmark --mark 1 -j ACCEPT\n"), IsEmpty());
  EXPECT_THAT(open(marked, "*mangle\n-A PREROUTING -j MARK --set-mark 1\nCOMMIT\n"),
              ElementsAre("open INPUT 1"));
}

TEST(Lint, NoPortIsOpenedByWhatIsOnAnotherWay) {
  EXPECT_THAT(open(":INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                   "-A OUTPUT -m recent --set --name a\n-A OUTPUT -j ACCEPT\n"),
              ElementsAre("open INPUT 1"));
}

std::vector<std::string> twins(const std::string& v4, const std::string& v6) {
  return said(lint_twins(rules(v4), rules(v6, net::Family::kIpv6)));
}

TEST(Lint, ATwinStandsBehindTheSameHook) {
  const std::string web = "-p tcp --dport 80 -j ACCEPT\n";
  EXPECT_THAT(twins("-A INPUT " + web, "-A FORWARD " + web), ElementsAre("twin INPUT 1"));
  EXPECT_THAT(twins("-A INPUT " + web, ":c -\n-A INPUT -j c\n-A c " + web), IsEmpty());
}

TEST(Lint, ATwinMayBeSaidInOtherWords) {
  const std::string web = "-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT\n";
  const std::string one = "-A INPUT -p tcp --dport 80 -j ACCEPT\n";
  const std::string other = "-A INPUT -p tcp --dport 443 -j ACCEPT\n";
  EXPECT_THAT(twins(web, one + other), IsEmpty());
  EXPECT_THAT(twins(one + other, web), IsEmpty());
  EXPECT_THAT(twins(web, one), ElementsAre("twin INPUT 1"));
  // A last rule is a policy.
  EXPECT_THAT(twins(":INPUT DROP\n" + one, one + "-A INPUT -j DROP\n"), IsEmpty());
  EXPECT_THAT(twins(one + "-A INPUT -j DROP\n", ":INPUT DROP\n" + one), IsEmpty());
}

TEST(Lint, WhatIpv6DoesInAnotherWayNeedsNoTwin) {
  EXPECT_THAT(twins("-A INPUT -p udp --sport 67 --dport 68 -j ACCEPT\n"
                    "-A INPUT -p udp --dport 67:68 -j ACCEPT\n-A INPUT -p 2 -j ACCEPT\n",
                    ""),
              IsEmpty());
}

TEST(Lint, RulesWithoutATwin) {
  const ir::Ruleset v4 = rules(
      ":INPUT DROP\n-A INPUT -p tcp --dport 80 -j ACCEPT\n-A INPUT -p tcp --dport 23 -j "
      "DROP\n-A INPUT -s 10.0.0.1 -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n-A INPUT -p tcp "
      "--dport 25 -j REJECT\n");
  const ir::Ruleset v6 =
      rules("-A INPUT -p tcp --dport 80 -j ACCEPT\n-A INPUT -p tcp --dport 25 -j REJECT\n",
            net::Family::kIpv6);
  EXPECT_THAT(said(lint_twins(v4, v6)), ElementsAre("twin INPUT", "twin INPUT 2"));
}

}  // namespace
}  // namespace bulkhead::pass
