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

ir::Ruleset rules(const std::string& lines, net::Family family = net::Family::kIpv4) {
  static const ext::FixedNames names;
  ir::Ruleset parsed{.family = family, .tables = {}};
  const auto done =
      lang::restore(Source("rules", "*filter\n" + lines + "COMMIT\n"), {.names = &names}, parsed);
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
  EXPECT_THAT(lints("-A INPUT -s 10.0.0.1 -j ACCEPT\n-A INPUT -s 10.0.0.2 -j DROP\n"
                    "-A INPUT -p tcp --dport 80 -j ACCEPT\n"),
              ElementsAre("idle INPUT 1", "idle INPUT 3"));
  // What is dropped behind it for others isn't for its packets.
  EXPECT_THAT(lints("-A INPUT -s 10.0.0.0/8 -p tcp --dport 81 -j DROP\n-A INPUT -s 10.0.0.0/8 -j "
                    "ACCEPT\n-A INPUT -p tcp --dport 81 -j DROP\n"),
              ElementsAre("idle INPUT 2"));
  EXPECT_THAT(lints(":c -\n-A INPUT -s 10.0.0.1 -j c\n-A c -j RETURN\n"), ElementsAre("idle c 1"));
}

TEST(Lint, RulesThatCountOrLogOrRememberAreLeftAlone) {
  EXPECT_THAT(lints("-A INPUT -s 10.0.0.1\n-A INPUT -s 10.0.0.1 -j LOG\n-A INPUT -s 10.0.0.1 -m "
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
