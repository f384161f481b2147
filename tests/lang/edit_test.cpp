// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/edit.h"

#include <gtest/gtest.h>

#include "lang/language.h"

namespace bulkhead::lang {
namespace {

ir::Ruleset make(std::initializer_list<std::string_view> commands) {
  ir::Ruleset rules;
  for (const std::string_view command : commands) EXPECT_EQ(run(rules, command), "") << command;
  return rules;
}

TEST(Edit, AddsInsertsAndReplaces) {
  const ir::Ruleset rules =
      make({"-A INPUT -s 192.0.2.1", "-I INPUT -s 192.0.2.2", "-I INPUT 2 -s 192.0.2.3",
            "-R INPUT 3 -s 192.0.2.4", "-I INPUT 4 -j DROP"});
  EXPECT_EQ(output(rules, "-S INPUT"),
            "-P INPUT ACCEPT\n-A INPUT -s 192.0.2.2/32\n-A INPUT -s 192.0.2.3/32\n-A INPUT -s "
            "192.0.2.4/32\n"
            "-A INPUT -j DROP\n");
}

TEST(Edit, InsertsSeveralInReverse) {
  const ir::Ruleset rules = make({"-I INPUT -s 192.0.2.1,192.0.2.2"});
  EXPECT_EQ(output(rules, "-S INPUT"),
            "-P INPUT ACCEPT\n-A INPUT -s 192.0.2.2/32\n-A INPUT -s 192.0.2.1/32\n");
}

TEST(Edit, DeletesByNumberAndByWords) {
  const ir::Ruleset rules = make({"-A INPUT -s 192.0.2.1", "-A INPUT -s 192.0.2.2",
                                  "-A INPUT -s 192.0.2.1", "-D INPUT -s 192.0.2.1", "-D INPUT 2"});
  EXPECT_EQ(output(rules, "-S INPUT"), "-P INPUT ACCEPT\n-A INPUT -s 192.0.2.2/32\n");
}

TEST(Edit, RefusesInLegacysWords) {
  ir::Ruleset rules = make({"-N a", "-N b", "-A a -j b", "-A INPUT -j a"});
  EXPECT_EQ(run(rules, "-A nope -j ACCEPT"), "No chain/target/match by that name");
  EXPECT_EQ(run(rules, "-A INPUT -j nope"),
            "Couldn't load target `nope':No such file or directory");
  EXPECT_EQ(run(rules, "-A INPUT -g nope"), "goto 'nope' is not a chain");
  EXPECT_EQ(run(rules, "-A INPUT -g ACCEPT"), "goto 'ACCEPT' is not a chain");
  EXPECT_EQ(run(rules, "-A INPUT -j OUTPUT"), "OUTPUT is a built-in chain: nothing can jump there");
  EXPECT_EQ(run(rules, "-D INPUT -j DROP"), "Bad rule (does a matching rule exist in that chain?)");
  EXPECT_EQ(run(rules, "-C INPUT -j DROP"), "Bad rule (does a matching rule exist in that chain?)");
  EXPECT_EQ(run(rules, "-D INPUT 2"), "Index of deletion too big");
  EXPECT_EQ(run(rules, "-R INPUT 2 -j DROP"), "Index of replacement too big");
  EXPECT_EQ(run(rules, "-I INPUT 3 -j DROP"), "Index of insertion too big");
  EXPECT_EQ(run(rules, "-Z INPUT 2"), "Index of counter too big");
  EXPECT_EQ(run(rules, "-N a"), "Chain already exists");
  EXPECT_EQ(run(rules, "-N INPUT"), "Chain already exists");
  EXPECT_EQ(run(rules, "-X a"), "Too many links");
  EXPECT_EQ(run(rules, "-X INPUT"), "Invalid argument");
  EXPECT_EQ(run(rules, "-X nope"), "No chain/target/match by that name");
  EXPECT_EQ(run(rules, "-P a DROP"), "Bad built-in chain name");
  EXPECT_EQ(run(rules, "-P a nope"), "Bad built-in chain name");
  EXPECT_EQ(run(rules, "-P INPUT nope"), "Bad policy name. Run `dmesg' for more information");
  EXPECT_EQ(run(rules, "-A nope -m tcp --dport 1"), "No chain/target/match by that name");
  EXPECT_EQ(run(rules, "-A INPUT -m tcp --dport 1"), "match tcp needs `-p tcp'");
  EXPECT_EQ(run(rules, "-E a b"), "File exists");
  EXPECT_EQ(run(rules, "-E nope c"), "No chain/target/match by that name");
  EXPECT_EQ(run(rules, "-E INPUT c"), "No chain/target/match by that name");
  EXPECT_EQ(run(rules, "-E a \"b c\""), "Invalid argument");
  EXPECT_EQ(run(rules, "-F nope"), "No chain/target/match by that name");
  EXPECT_EQ(run(rules, "-D INPUT 1"), "");
  EXPECT_EQ(run(rules, "-X a"), "Directory not empty");
}

TEST(Edit, FindsLoopsAndMisplacedTargets) {
  ir::Ruleset rules = make({"-N a", "-A INPUT -j a"});
  ir::Ruleset copy = rules;
  EXPECT_NE(run(copy, "-A a -j a"), "");
  EXPECT_EQ(run(copy, "-t mangle -A PREROUTING -j REJECT"), "REJECT works only in table filter");
}

TEST(Edit, DeletesAllChainsOrNone) {
  ir::Ruleset rules = make({"-N a", "-N b", "-A b -j RETURN"});
  EXPECT_EQ(run(rules, "-X"), "Directory not empty");
  EXPECT_NE(rules.find("filter")->find("a"), nullptr);
  EXPECT_EQ(run(rules, "-F"), "");
  EXPECT_EQ(run(rules, "-X"), "");
  EXPECT_EQ(rules.find("filter")->chains.size(), 3u);
}

TEST(Edit, RenamesJumpsToo) {
  const ir::Ruleset rules =
      make({"-N b", "-A INPUT -j b", "-A INPUT -g b", "-A b -j DROP", "-N c", "-E b d"});
  EXPECT_EQ(output(rules, "-S"),
            "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N c\n-N d\n-A INPUT -j d\n-A "
            "INPUT -g d\n"
            "-A d -j DROP\n");
}

TEST(Edit, CountsStartAnewWhereTheyDoInIptables) {
  ir::Ruleset rules = make({"-A INPUT -j ACCEPT", "-A INPUT -j DROP"});
  const auto input = [&]() -> ir::Chain& { return *rules.find("filter")->find("INPUT"); };
  rules.next_id = 10;
  input().policy_id = 1;
  input().policy_counters = {7, 8};
  for (const size_t i : {0, 1}) {
    input().rules[i].id = 2 + i;
    input().rules[i].counters = {5, 6};
  }
  ASSERT_EQ(run(rules, "-Z INPUT 1"), "");
  EXPECT_EQ(input().rules[0].counters, ir::Counters{});
  EXPECT_EQ(input().rules[0].id, 2u);
  EXPECT_EQ(input().rules[1].counters, (ir::Counters{5, 6}));

  ASSERT_EQ(run(rules, "-P INPUT DROP"), "");
  EXPECT_EQ(input().policy_counters, ir::Counters{});
  EXPECT_EQ(input().policy_id, ir::kNoId);

  ASSERT_EQ(run(rules, "-R INPUT 2 -j DROP -c 1 2"), "");
  EXPECT_EQ(input().rules[1].id, ir::kNoId);
  EXPECT_EQ(input().rules[1].counters, (ir::Counters{1, 2}));

  ASSERT_EQ(run(rules, "-Z"), "");
  EXPECT_EQ(input().rules[1].counters, ir::Counters{});
}

TEST(Edit, MakesTheTableThatItWritesTo) {
  const ir::Ruleset rules = make({"-t nat -F", "-F"});
  ASSERT_EQ(rules.tables.size(), 2u);
  EXPECT_EQ(rules.tables[0].name, "filter");
}

}  // namespace
}  // namespace bulkhead::lang
