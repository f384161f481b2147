// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/reach.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "set/model_of_text.h"

namespace bulkhead::pass {
namespace {

using testing::ModelOfText;

// "INPUT 3 by 1 2; c 1 contradictory": rules from 1.
std::string dead(const std::string& text) {
  ModelOfText it(text);
  ChainFunctions functions(it.model, it.filter());
  std::vector<std::string> out;
  for (const DeadRule& rule : dead_rules(it.model, functions)) {
    std::string line = fmt::format("{} {}", it.filter().chains[rule.chain].name, rule.rule + 1);
    if (rule.contradictory) line += " contradictory";
    if (!rule.covered_by.empty()) line += " by";
    for (const size_t other : rule.covered_by) line += fmt::format(" {}", other + 1);
    out.push_back(line);
  }
  EXPECT_FALSE(it.model.exhausted());
  return fmt::format("{}", fmt::join(out, "; "));
}

TEST(DeadRules, ARuleBehindAWiderOne) {
  EXPECT_EQ(dead("-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -s 10.1.0.0/16 -j ACCEPT"),
            "INPUT 2 by 1");
  EXPECT_EQ(dead("-A INPUT -s 10.1.0.0/16 -j DROP\n-A INPUT -s 10.0.0.0/8 -j ACCEPT"), "");
}

TEST(DeadRules, TwoRulesMayCoverAThirdTogether) {
  EXPECT_EQ(dead("-A INPUT -s 0.0.0.0/1 -j DROP\n-A INPUT -p tcp -j DROP\n"
                 "-A INPUT -s 128.0.0.0/1 -j DROP\n-A INPUT -p udp -j ACCEPT"),
            "INPUT 4 by 1 3");
}

TEST(DeadRules, ACoverNamesNoRuleForNothing) {
  EXPECT_EQ(dead("-A INPUT -i lo -j ACCEPT\n-A INPUT -m state --state ESTABLISHED -j ACCEPT\n"
                 "-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp --dport 80 -j ACCEPT\n"
                 "-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT"),
            "INPUT 5 by 3 4");
}

TEST(DeadRules, WhatOnlyCountsOrIsLimitedTakesNothingAway) {
  EXPECT_EQ(dead("-A INPUT -s 10.0.0.0/8\n-A INPUT -s 10.0.0.0/8 -j LOG\n"
                 "-A INPUT -s 10.0.0.0/8 -m limit --limit 1/s -j DROP\n"
                 "-A INPUT -s 10.0.0.0/8 -j ACCEPT"),
            "");
}

TEST(DeadRules, AContradictionIsOneWhateverStandsBefore) {
  EXPECT_EQ(dead("-A INPUT -p tcp --dport 22 -m multiport --dports 80,443 -j ACCEPT"),
            "INPUT 1 contradictory");
  EXPECT_EQ(dead("-A INPUT -m state --state NEW -m conntrack --ctstate INVALID -j ACCEPT"),
            "INPUT 1 contradictory");
}

TEST(DeadRules, ACalledChainSeesOnlyWhatItsCallersSend) {
  EXPECT_EQ(dead("-N c\n-A INPUT -p tcp -j c\n-A c -p udp -j DROP\n-A c -p tcp -j DROP\n"
                 "-A INPUT -p tcp -j ACCEPT"),
            "INPUT 2 by 1; c 1");
  EXPECT_EQ(dead("-N c\n-A INPUT -p tcp -j c\n-A c -s 10.0.0.0/8 -j RETURN\n-A c -j DROP\n"
                 "-A INPUT -p tcp -j ACCEPT"),
            "");
}

TEST(DeadRules, AGotoLeavesItsChain) {
  EXPECT_EQ(dead("-N c\n-A INPUT -p tcp -g c\n-A INPUT -p tcp --dport 22 -j ACCEPT"),
            "INPUT 2 by 1");
}

TEST(DeadRules, ChainsThatNobodyCallsAreNotLookedAt) {
  EXPECT_EQ(dead("-N c\n-A c -p tcp -j DROP\n-A c -p tcp -j DROP"), "");
}

}  // namespace
}  // namespace bulkhead::pass
