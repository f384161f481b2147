// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/json.h"
#include "app/rules_text.h"

namespace bulkhead::app {
namespace {

using ::testing::HasSubstr;

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

TEST(Check, SaysThePlaceAndTheRulesThatAreToBlame) {
  const auto found =
      check({rules("r.v4",
                   "*filter\n:INPUT DROP\n:old - [0:0]\n-A INPUT -p tcp --dport 80 -j ACCEPT\n"
                   "-A INPUT -p tcp --dport 80 -s 192.0.2.1 -j DROP\nCOMMIT\n")},
            {});
  EXPECT_EQ(check_text(found.front(), Paint()),
            "r.v4:3:1: warning: no rule jumps to this chain\n"
            "  :old - [0:0]\n"
            "  ^~~~\n"
            "r.v4:5:1: warning: this never matches: a rule before it takes all of its packets\n"
            "  -A INPUT -p tcp --dport 80 -s 192.0.2.1 -j DROP\n"
            "  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"
            "  r.v4:4:1: -A INPUT -p tcp --dport 80 -j ACCEPT\n"
            "r.v4: 2 warnings in 2 rules\n");
  const Json json = Json::parse(check_json(found));
  EXPECT_EQ(json[0]["findings"][1]["kind"], "never-matches");
  EXPECT_EQ(json[0]["findings"][1]["line"], 5);
  EXPECT_EQ(json[0]["findings"][1]["because_of"][0]["line"], 4);
}

TEST(Check, AFileForBothFamiliesSaysItOnce) {
  const auto found =
      check({rules("r",
                   "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 80 -j ACCEPT\n-A INPUT -p "
                   "tcp --dport 80 -j DROP\n-4 -A INPUT -p tcp --dport 81 -j ACCEPT\nCOMMIT\n",
                   {net::Family::kIpv4, net::Family::kIpv6})},
            {});
  EXPECT_EQ(found.front().findings.size(), 2u);
  EXPECT_THAT(check_text(found.front(), Paint()), HasSubstr("IPv6 has no such rule (IPv4)\n"));
}

// A list of addresses is several rules on one line.
TEST(Check, ALineIsDeadIfAllOfItsRulesAre) {
  const auto found = check({rules("r.v4",
                                  "*filter\n:INPUT DROP\n-A INPUT -s 10.0.0.1,10.0.0.2 -j ACCEPT\n"
                                  "-A INPUT -s 10.0.0.2,10.0.0.3 -j ACCEPT\n"
                                  "-A INPUT -s 10.0.0.2,10.0.0.1 -j ACCEPT\nCOMMIT\n")},
                           {});
  EXPECT_EQ(check_text(found.front(), Paint()),
            "r.v4:4:1: warning: from 10.0.0.2 this never matches: a rule before it takes all of "
            "its packets\n"
            "  -A INPUT -s 10.0.0.2,10.0.0.3 -j ACCEPT\n"
            "  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"
            "  r.v4:3:1: -A INPUT -s 10.0.0.1,10.0.0.2 -j ACCEPT\n"
            "r.v4:5:1: warning: this never matches: a rule before it takes all of its packets\n"
            "  -A INPUT -s 10.0.0.2,10.0.0.1 -j ACCEPT\n"
            "  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"
            "  r.v4:3:1: -A INPUT -s 10.0.0.1,10.0.0.2 -j ACCEPT\n"
            "r.v4: 2 warnings in 6 rules\n");
}

TEST(Check, ALineChangesNothingIfNoneOfItsRulesDoes) {
  const auto text = [](const std::string& lines) {
    return check_text(
        check({rules("r.v4", "*filter\n:INPUT DROP\n" + lines + "COMMIT\n")}, {}).front(), Paint());
  };
  EXPECT_THAT(text("-A INPUT -s 10.0.0.1,10.0.0.2 -d 192.0.2.1 -j DROP\n-A INPUT -s 10.0.0.2 -j "
                   "ACCEPT\n"),
              HasSubstr("r.v4:3:1: warning: from 10.0.0.1 to 192.0.2.1 this changes nothing"));
  EXPECT_THAT(text("-A INPUT -s 10.0.0.1,10.0.0.2 -j DROP\n"),
              HasSubstr("r.v4:3:1: warning: this changes nothing"));
}

// Who takes out the dead one needs the other.
TEST(Check, ARuleThatADeadOneRepeatsIsntWithoutEffect) {
  const auto found = check({rules("r.v4",
                                  "*filter\n:INPUT DROP\n-A INPUT -s 10.0.0.1 -j ACCEPT\n-A INPUT "
                                  "-s 10.0.0.1 -j ACCEPT\nCOMMIT\n")},
                           {});
  ASSERT_EQ(found.front().findings.size(), 1u);
  EXPECT_EQ(found.front().findings[0].kind, pass::LintKind::kNeverMatches);
}

TEST(Check, TwinsStandInTwoFiles) {
  const auto found =
      check({rules("r.v4", "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 80 -j ACCEPT\nCOMMIT\n"),
             rules("r.v6", "*filter\n:INPUT ACCEPT\nCOMMIT\n", {net::Family::kIpv6})},
            {});
  const std::string text = check_text(found.front(), Paint());
  EXPECT_THAT(text, HasSubstr("r.v4:2:1: warning: the policy is DROP here and ACCEPT for IPv6\n"));
  EXPECT_THAT(text, HasSubstr("r.v4:3:1: warning: IPv6 has no such rule\n"));
  EXPECT_EQ(check_text(found.back(), Paint()), "r.v6: no warning in 0 rules\n");
}

TEST(Check, RulesWithoutAFileHaveNumbers) {
  RulesToAnalyse kernel = rules("kernel", "*filter\n-A INPUT -j DROP\n-A INPUT -j DROP\nCOMMIT\n");
  kernel.source.reset();
  const auto found = check({kernel}, {});
  EXPECT_THAT(
      check_text(found.front(), Paint()),
      HasSubstr("kernel, IPv4, table filter, rule 2 of INPUT: warning: this never matches"));
}

}  // namespace
}  // namespace bulkhead::app
