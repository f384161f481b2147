// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/show.h"

#include <gtest/gtest.h>

#include "app/json.h"
#include "app/rules_text.h"

namespace bulkhead::app {
namespace {

ir::Ruleset rules() {
  auto parsed = parse_rules(Source("test",
                                   "*filter\n:INPUT DROP [12:3456]\n:log - [0:0]\n"
                                   "[120:9600] -A INPUT -i lo -j ACCEPT\n"
                                   "[14:110000] -A INPUT -p tcp --dport 22 -m comment --comment "
                                   "\"from \x1b[2Jhome\" -j ACCEPT\n"
                                   "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"
                                   "-A INPUT -g log\n-A INPUT\nCOMMIT\n"),
                            net::Family::kIpv4, Counts::kShown);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return *parsed;
}

TEST(Show, OneChain) {
  EXPECT_EQ(show_text(rules(), "INPUT", Paint()),
            "IPv4 filter\n"
            "\n"
            "  INPUT  policy DROP (12 packets, 3456 bytes)\n"
            "    #  packets   bytes  action    what\n"
            "    1      120    9600  ACCEPT    -i lo\n"
            "    2       14    110K  ACCEPT    -p tcp -m tcp --dport 22  # from ?[2Jhome\n"
            "    3        0       0  REJECT    -p tcp  (--reject-with tcp-reset)\n"
            "    4        0       0  goto log  everything\n"
            "    5        0       0  count     everything\n");
}

TEST(Show, ChainsWithoutRulesSaySo) {
  const std::string text = show_text(rules(), "", Paint());
  EXPECT_NE(text.find("  FORWARD  policy ACCEPT (0 packets, 0 bytes)\n    no rules\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\n  log\n    no rules\n"), std::string::npos) << text;
}

TEST(Show, ColoursChangeNothingElse) {
  std::string dyed = show_text(rules(), "", Paint(true));
  EXPECT_NE(dyed.find("\x1b[32mACCEPT"), std::string::npos);
  for (size_t at; (at = dyed.find('\x1b')) != dyed.npos;)
    dyed.erase(at, dyed.find('m', at) - at + 1);
  EXPECT_EQ(dyed, show_text(rules(), "", Paint()));
}

TEST(Show, Json) {
  View view;
  view.v4.rules = rules();
  view.v6.rules.family = net::Family::kIpv6;
  const auto json = Json::parse(show_json(view, {.chain = "INPUT"}));
  const auto& chain = json["ip"][0]["chains"][0];
  EXPECT_EQ(chain["policy"], "DROP");
  EXPECT_EQ(chain["rules"][1]["comment"], "from \x1b[2Jhome");
  EXPECT_EQ(chain["rules"][1]["bytes"], 110000);
  EXPECT_TRUE(json["ip6"].empty());
}

TEST(ShortNumber, FiveCharactersAtMost) {
  for (const auto& [number, text] :
       std::vector<std::pair<uint64_t, std::string>>{{0, "0"},
                                                     {9999, "9999"},
                                                     {10000, "10.0K"},
                                                     {99949, "99.9K"},
                                                     {99950, "100K"},
                                                     {999499, "999K"},
                                                     {999500, "1.0M"},
                                                     {UINT64_MAX, "18.4E"}}) {
    EXPECT_EQ(short_number(number), text);
    EXPECT_LE(text.size(), 5U);
  }
}

TEST(WantsColor, OnlyWhatTheUserSaysBeatsNoColor) {
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(wants_color(Color::kAuto, 1));
  EXPECT_TRUE(wants_color(Color::kAlways, 1));
  unsetenv("NO_COLOR");
  EXPECT_FALSE(wants_color(Color::kNever, 1));
}

}  // namespace
}  // namespace bulkhead::app
