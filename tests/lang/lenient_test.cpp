// SPDX-License-Identifier: GPL-2.0-or-later
// Reading for analyses: what isn't understood is an unknown, and is noted.
#include <gtest/gtest.h>

#include "lang/language.h"

namespace bulkhead::lang {
namespace {

struct Lenient {
  ir::Ruleset rules;
  std::vector<Unread> unread;
  std::string text;
  std::string error;

  explicit Lenient(const std::string& lines, net::Family family = net::Family::kIpv4,
                   const std::string& table = "filter")
      : text("*" + table + "\n" + lines + "COMMIT\n") {
    rules.family = family;
    error = load(rules, text, {.unread = &unread});
    if (error.empty()) return;
    // What is wrong for iptables-restore must be wrong here in the same words.
    ir::Ruleset strict{.family = family, .tables = {}};
    EXPECT_EQ(load(strict, text), error);
  }

  const ir::Rule& rule(std::string_view chain = "INPUT", size_t number = 0) const {
    return rules.tables.front().find(chain)->rules.at(number);
  }
  std::string noted() const {
    std::string all;
    for (const Unread& each : unread) {
      all += text.substr(each.span.begin, each.span.end - each.span.begin) + " | " + each.why +
             (each.target ? " | target\n" : "\n");
    }
    return all;
  }
};

bool is_unknown(const ir::Condition& condition) {
  const auto* opaque = std::get_if<ir::Opaque>(&condition);
  return opaque != nullptr && opaque->stateful;
}

TEST(Lenient, AnArgumentThatCantBeReadMakesItsMatchUnknown) {
  const Lenient read("-A INPUT -s 192.0.2.1 -m mac ! --mac-source XX:XX:XX:XX:XX:XX -j DROP\n");
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.noted(), "XX:XX:XX:XX:XX:XX | Invalid MAC address specified.\n");
  const ir::Rule& rule = read.rule();
  ASSERT_EQ(rule.matches.size(), 1U);
  ASSERT_EQ(rule.matches[0].predicate.size(), 1U);
  EXPECT_TRUE(is_unknown(rule.matches[0].predicate[0]));
  EXPECT_EQ(rule.head.predicate.size(), 1U) << "what was understood stays";
  EXPECT_EQ(rule_text("INPUT", rule, net::Family::kIpv4),
            "-A INPUT -s 192.0.2.1/32 -m mac ! --mac-source XX:XX:XX:XX:XX:XX -j DROP");
}

TEST(Lenient, AnUnreadMatchKeepsItsHeader) {
  const Lenient read("-A INPUT -p tcp -m tcp --dport 1-2 --sport 5 -j DROP\n");
  ASSERT_EQ(read.error, "");
  const ir::Predicate& predicate = read.rule().matches.at(0).predicate;
  ASSERT_EQ(predicate.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<ir::Header>(predicate[0]));
  EXPECT_TRUE(is_unknown(predicate[1]));
}

TEST(Lenient, AnOptionThatNothingKnowsIsAConditionOfItsOwn) {
  const Lenient read(
      "-A INPUT -p udp -m multiport --ports 80:81,82 ! --something-else 1 2 -j ACCEPT\n");
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.noted(), "--something-else | unknown option \"--something-else\"\n");
  const ir::Rule& rule = read.rule();
  ASSERT_EQ(rule.matches.size(), 2U);
  EXPECT_FALSE(is_unknown(rule.matches[0].predicate.back()));
  EXPECT_TRUE(is_unknown(rule.matches[1].predicate.at(0)));
  EXPECT_EQ(rule_text("INPUT", rule, net::Family::kIpv4),
            "-A INPUT -p udp -m multiport --ports 80:81,82 ! --something-else 1 2 -j ACCEPT");
}

TEST(Lenient, OptionsOfAMatchThatNothingKnowsBelongToIt) {
  const Lenient read("-A INPUT -m geoip ! --source-country FR --more a,b -p tcp -j DROP\n");
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.noted(), "geoip | Couldn't load match `geoip':No such file or directory\n");
  ASSERT_EQ(read.rule().matches.size(), 1U);
  EXPECT_EQ(rule_text("INPUT", read.rule(), net::Family::kIpv4),
            "-A INPUT -p tcp -m geoip ! --source-country FR --more a,b -j DROP");
}

TEST(Lenient, ASetThatIsntHereIsUnknown) {
  const Lenient read("-A INPUT -m set --match-set theirs src -j DROP\n");
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.unread.size(), 1U);
  EXPECT_TRUE(is_unknown(read.rule().matches.at(0).predicate.at(0)));
}

TEST(Lenient, ATargetThatCantBeEnforcedGoesOn) {
  const Lenient read("-A POSTROUTING -p udp --dport 68 -j CHECKSUM --checksum-fill\n",
                     net::Family::kIpv4, "mangle");
  ASSERT_EQ(read.error, "");
  ASSERT_EQ(read.unread.size(), 1U);
  EXPECT_TRUE(read.unread[0].target);
  const auto& target = std::get<ir::OpaqueTarget>(read.rule("POSTROUTING").target.action);
  EXPECT_FALSE(target.decides);
  EXPECT_EQ(target.writes, nullptr);
}

TEST(Lenient, ATargetThatCantBeEnforcedSaysWhatItChanges) {
  const Lenient read("-A POSTROUTING -j SNPT --src-pfx fd00::/64 --dst-pfx 2001:db8::/64\n",
                     net::Family::kIpv6, "mangle");
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(std::get<ir::OpaqueTarget>(read.rule("POSTROUTING").target.action).writes,
            &ir::kSource);
}

TEST(Lenient, WhatIsUnderstoodIsReadAsEver) {
  const Lenient read("-A INPUT -p tcp -m tcp --dport 22 -m state --state NEW -j ACCEPT\n");
  ASSERT_EQ(read.error, "");
  EXPECT_TRUE(read.unread.empty());
  ir::Ruleset strict;
  ASSERT_EQ(load(strict, read.text), "");
  EXPECT_EQ(save(strict), save(read.rules));
}

TEST(Lenient, ErrorsOfTheSyntaxStayErrors) {
  for (const std::string line :
       {"-A INPUT -j NOWHERE\n", "-A INPUT -m comment --comment \"open\n", "-A INPUT stray\n",
        "-A INPUT -s 300.0.0.1 -j DROP\n", "-A INPUT -m mac --mac-source\n", "-A NOWHERE\n",
        "-A INPUT -j REJECT --reject-with nothing\n", "-A INPUT -j DROP -y\n",
        "-A INPUT -m tcp --dport 22\n", "-A INPUT ! stray --foo\n"}) {
    EXPECT_NE(Lenient(line).error, "") << line;
  }
}

}  // namespace
}  // namespace bulkhead::lang
