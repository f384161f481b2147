// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/inline_deep_chains.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/dump.h"
#include "ir/handmade.h"

namespace bulkhead::pass {
namespace {

using namespace bulkhead::testing;

const ir::Constraint kTcp = is(ir::kProtocol, 6);
const ir::Constraint kSsh = is(ir::kDestinationPort, 22);
const ir::Constraint kWeb = is(ir::kDestinationPort, 80);
const ir::Limit kSlow{.rate = 1};

// The user's part of the filter table, as it is dumped; the FORWARD and OUTPUT of these tests are
// empty.
std::string input_after(const Handmade& made, unsigned max_depth) {
  const auto rules = inline_deep_chains(made.rules, {.max_depth = max_depth});
  if (!rules) return rules.error().message;
  std::string out;
  for (const ir::Chain& chain : rules->find("filter")->chains) {
    if (chain.builtin() && chain.rules.empty()) continue;
    out += chain.name + ":\n";
    for (const ir::Rule& rule : chain.rules) out += "  " + ir::dump(rule, rules->family) + "\n";
  }
  return out;
}

TEST(InlineDeepChains, LeavesAloneWhatFits) {
  Handmade made;
  made.add("INPUT", {kTcp}, jump("a"));
  made.add("a", {kSsh}, jump("b"));
  made.add("b", {}, ir::Drop{});
  EXPECT_EQ(input_after(made, 2),
            "INPUT:\n  #1 l4proto 6 -> jump a\na:\n  #2 dport 22 -> jump b\nb:\n  #3 -> drop\n");
}

TEST(InlineDeepChains, TheShortestChainOnThePathGoesFirst) {
  Handmade made;
  made.add("INPUT", {kTcp}, jump("a"));
  made.add("a", {kSsh}, jump("b"));
  made.add("a", {}, ir::Log{});
  made.add("b", {}, ir::Drop{});
  EXPECT_EQ(
      input_after(made, 1),
      "INPUT:\n  #1 l4proto 6 -> jump a\n"
      "a:\n  #2 dport 22 -> continue\n  #4 dport 22 -> drop\n  #3 -> log level 4 flags 0x0 \"\"\n");
}

TEST(InlineDeepChains, AReturnGetsTheRestOfTheCallerAtOnce) {
  Handmade made;
  made.add("INPUT", {kTcp}, jump("a"));
  made.add("INPUT", {}, ir::Drop{});
  made.add("a", {kSsh}, ir::Return{});
  made.add("a", {}, ir::Accept{});
  EXPECT_EQ(input_after(made, 0),
            "INPUT:\n"
            "  #1 l4proto 6 -> continue\n"
            "  #3 l4proto 6; dport 22 -> continue\n"
            "  #2 l4proto 6; dport 22 -> drop\n"
            "  #0 l4proto 6; dport 22 -> return\n"
            "  #4 l4proto 6 -> accept\n"
            "  #2 -> drop\n");
}

TEST(InlineDeepChains, AReturnToTheCallersEndStaysAReturn) {
  Handmade made;
  made.add("INPUT", {kTcp}, jump("a"));
  made.add("a", {kSlow}, ir::Return{});
  made.add("a", {}, ir::Drop{});
  EXPECT_EQ(input_after(made, 0),
            "INPUT:\n  #1 l4proto 6 -> continue\n  #2 l4proto 6; limit 1/1s burst 5 -> return\n"
            "  #3 l4proto 6 -> drop\n");
}

TEST(InlineDeepChains, WhatStandsBehindAnUnconditionalReturnIsNeverMet) {
  Handmade made;
  made.add("INPUT", {kTcp}, jump("a"));
  made.add("INPUT", {kWeb}, ir::Drop{});
  made.add("a", {}, ir::Return{});
  made.add("a", {}, ir::Accept{});
  EXPECT_EQ(
      input_after(made, 0),
      "INPUT:\n  #1 l4proto 6 -> continue\n  #3 l4proto 6 -> continue\n  #2 dport 80 -> drop\n");
}

TEST(InlineDeepChains, AGotoToTheChainLeavesTheCallerAtItsEnd) {
  Handmade made;
  made.add("INPUT", {kTcp}, go_to("a"));
  made.add("INPUT", {}, ir::Drop{});
  made.add("a", {kSsh}, ir::Return{});
  made.add("a", {kWeb}, ir::Accept{});
  EXPECT_EQ(input_after(made, 0),
            "INPUT:\n"
            "  #1 l4proto 6 -> continue\n"
            "  #3 l4proto 6; dport 22 -> return\n"
            "  #4 l4proto 6; dport 80 -> accept\n"
            "  #0 l4proto 6 -> return\n"
            "  #2 -> drop\n");
}

TEST(InlineDeepChains, AGotoInTheChainIsAJumpThatReturns) {
  Handmade made;
  made.add("INPUT", {kTcp}, jump("a"));
  made.add("INPUT", {kWeb}, ir::Drop{});
  made.add("a", {kSsh}, go_to("b"));
  made.add("a", {}, ir::Accept{});
  made.add("b", {}, ir::Log{});
  made.add("b", {}, ir::Log{});
  made.add("b", {}, ir::Log{});
  made.add("b", {}, ir::Log{});
  made.add("b", {}, ir::Log{});
  EXPECT_THAT(input_after(made, 1),
              ::testing::StartsWith("INPUT:\n"
                                    "  #1 l4proto 6 -> continue\n"
                                    "  #3 l4proto 6; dport 22 -> jump b\n"
                                    "  #2 l4proto 6; dport 22; dport 80 -> drop\n"
                                    "  #0 l4proto 6; dport 22 -> return\n"
                                    "  #4 l4proto 6 -> accept\n"
                                    "  #2 dport 80 -> drop\n"
                                    "b:\n"));
}

TEST(InlineDeepChains, AConditionThatWasAskedIsNotAskedAgain) {
  Handmade made;
  made.add("INPUT", {kTcp}, jump("a"));
  made.add("a", {kTcp, kSsh}, ir::Drop{});
  EXPECT_EQ(input_after(made, 0),
            "INPUT:\n  #1 l4proto 6 -> continue\n  #2 l4proto 6; dport 22 -> drop\n");
}

TEST(InlineDeepChains, ALimitIsMovedButNeverCopied) {
  Handmade moved;
  moved.add("INPUT", {kTcp}, jump("a"));
  moved.add("a", {kSlow}, ir::Accept{});
  EXPECT_EQ(input_after(moved, 0),
            "INPUT:\n  #1 l4proto 6 -> continue\n  #2 l4proto 6; limit 1/1s burst 5 -> accept\n");

  Handmade called_twice = moved;
  called_twice.add("FORWARD", {}, jump("a"));
  EXPECT_EQ(input_after(called_twice, 0),
            "chains of table filter nest 1 deep and the kernel takes 0 (INPUT -> a): rule 1 of a "
            "has a limit or "
            "another condition with a memory, and that chain is called from several places");

  Handmade calls;
  calls.add("INPUT", {kSlow}, jump("a"));
  calls.add("a", {}, ir::Accept{});
  EXPECT_EQ(input_after(calls, 0),
            "chains of table filter nest 1 deep and the kernel takes 0 (INPUT -> a): the call of a "
            "has a limit "
            "or another condition with a memory, which can be asked only once a packet");

  Handmade behind;
  behind.add("INPUT", {}, jump("a"));
  behind.add("INPUT", {kSlow}, ir::Accept{});
  behind.add("a", {kSsh}, ir::Return{});
  EXPECT_EQ(input_after(behind, 0),
            "chains of table filter nest 1 deep and the kernel takes 0 (INPUT -> a): a rule behind "
            "the call of a has a "
            "limit or another condition with a memory, which can stand in one place only");
}

TEST(InlineDeepChains, AnotherCallOnThePathServesWhereOneCannot) {
  Handmade made;
  made.add("INPUT", {}, jump("a"));
  made.add("a", {kSlow}, jump("b"));
  made.add("b", {}, ir::Drop{});
  EXPECT_EQ(input_after(made, 1),
            "INPUT:\n  #1 -> continue\n  #2 limit 1/1s burst 5 -> jump b\nb:\n  #3 -> drop\n");
}

TEST(InlineDeepChains, GivesUpBeforeItGrowsTooLarge) {
  Handmade made;
  made.add("INPUT", {}, jump("c0"));
  for (int i = 0; i < 20; ++i) {
    for (int n = 0; n < 3; ++n)
      made.add("c" + std::to_string(i), {kTcp}, jump("c" + std::to_string(i + 1)));
  }
  made.add("c20", {}, ir::Drop{});
  const auto rules = inline_deep_chains(made.rules, {.max_depth = 1, .max_rules = 10'000});
  ASSERT_FALSE(rules.ok());
  EXPECT_THAT(rules.error().message, ::testing::HasSubstr("would take more than 10000 rules"));
  EXPECT_TRUE(inline_deep_chains(made.rules, {.max_depth = 13, .max_rules = 10'000}).ok());
}

}  // namespace
}  // namespace bulkhead::pass
