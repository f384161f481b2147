// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/rules_input.h"

#include <gtest/gtest.h>

namespace bulkhead::app {
namespace {

RulesInput input(const std::string& name, const std::string& text,
                 std::optional<net::Family> given = {}) {
  return {Source(name, text), family_of_file(name, given)};
}

std::string filter(const std::string& rules) { return "*filter\n" + rules + "COMMIT\n"; }

TEST(RulesInput, TheNameSaysTheFamilyUnlessTheUserDoes) {
  EXPECT_EQ(family_of_file("a/rules.v4", {}), net::Family::kIpv4);
  EXPECT_EQ(family_of_file("rules.v6", {}), net::Family::kIpv6);
  EXPECT_EQ(family_of_file("rules", {}), std::nullopt);
  EXPECT_EQ(family_of_file("rules.v4", net::Family::kIpv6), net::Family::kIpv6);
}

TEST(RulesInput, AFileOfOneFamilyGivesOneRuleset) {
  const auto rules = parse_inputs({input("r.v6", filter("-A INPUT -s 2001:db8::1 -j DROP\n"))});
  ASSERT_TRUE(rules.ok());
  ASSERT_EQ(rules->size(), 1U);
  EXPECT_EQ((*rules)[0].family, net::Family::kIpv6);
}

TEST(RulesInput, AFileForBothIsReadTwiceAndMarkedRulesOnce) {
  const auto rules =
      parse_inputs({input("rules", filter("-A INPUT -j ACCEPT\n-4 -A INPUT -s 192.0.2.1 -j DROP\n"
                                          "-6 -A INPUT -s 2001:db8::1 -j DROP\n"))});
  ASSERT_TRUE(rules.ok()) << rules.error().error.message;
  ASSERT_EQ(rules->size(), 2U);
  for (const ir::Ruleset& one : *rules) {
    EXPECT_EQ(rules_text(one, Counts::kLeftOut).find("192.0.2.1") != std::string::npos,
              one.family == net::Family::kIpv4);
    EXPECT_EQ(one.find("filter")->find("INPUT")->rules.size(), 2U);
  }
}

TEST(RulesInput, AnErrorForOneFamilyOnlySaysHowToMark) {
  const auto rules = parse_inputs({input("rules", filter("-A INPUT -s 192.0.2.1 -j DROP\n"))});
  ASSERT_FALSE(rules.ok());
  EXPECT_NE(rules.error().error.hint.find("-4 or -6"), std::string::npos)
      << rules.error().error.hint;
  ASSERT_TRUE(rules.error().source.has_value());
  EXPECT_EQ(rules.error().source->position(rules.error().error.span.begin).line, 2U);
}

TEST(RulesInput, TablesOfSeveralFilesComeTogetherInTheirOrder) {
  const auto rules =
      parse_inputs({input("b.v4", filter("")), input("a.v4", "*raw\nCOMMIT\n*nat\nCOMMIT\n")});
  ASSERT_TRUE(rules.ok());
  ASSERT_EQ(rules->size(), 1U);
  ir::Ruleset in_order{.family = net::Family::kIpv4, .tables = {}};
  for (const char* name : {"nat", "raw", "filter"}) in_order.table(name);
  ASSERT_EQ((*rules)[0].tables.size(), 3U);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ((*rules)[0].tables[i].name, in_order.tables[i].name);
}

TEST(RulesInput, ATableInTwoFilesIsRefused) {
  const auto rules = parse_inputs({input("a.v4", filter("")), input("b.v4", filter(""))});
  ASSERT_FALSE(rules.ok());
  EXPECT_NE(rules.error().error.message.find("b.v4: table `filter'"), std::string::npos);
}

TEST(RulesInput, CountsAreTakenOnlyWhereTheyAreWanted) {
  const auto text = filter(":INPUT DROP [7:70]\n[3:30] -A INPUT -j ACCEPT\n");
  const auto without = parse_inputs({input("a.v4", text)});
  const auto with = parse_inputs({input("a.v4", text)}, Counts::kShown);
  ASSERT_TRUE(without.ok() && with.ok());
  EXPECT_EQ((*without)[0].find("filter")->find("INPUT")->rules[0].counters, ir::Counters{});
  EXPECT_EQ((*with)[0].find("filter")->find("INPUT")->rules[0].counters, (ir::Counters{3, 30}));
  EXPECT_EQ((*with)[0].find("filter")->find("INPUT")->policy_counters, (ir::Counters{7, 70}));
}

}  // namespace
}  // namespace bulkhead::app
