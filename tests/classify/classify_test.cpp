// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "classify/plan.h"
#include "ir/handmade.h"

namespace bulkhead::classify {
namespace {

using namespace bulkhead::testing;

TEST(Classify, FilterIsHookedAsSoonAsItIsThere) {
  Handmade made;
  const Plan plan = classify(made.rules);
  ASSERT_EQ(plan.entries.size(), 3u);
  EXPECT_EQ(plan.entries[1].chain, "FORWARD");
  EXPECT_EQ(plan.entries[1].hook, ir::Hook::kForward);
  EXPECT_EQ(plan.chains.size(), 3u);
  EXPECT_TRUE(classify(ir::Ruleset{}).entries.empty());
}

TEST(Classify, OtherTablesWhenTheyEnforceSomething) {
  ir::Ruleset rules;
  ir::Table& mangle = rules.table("mangle");
  mangle.add_user_chain("unused").rules.push_back({});
  EXPECT_TRUE(classify(rules).entries.empty());
  mangle.find("FORWARD")->policy = ir::Policy::kDrop;
  const Plan plan = classify(rules);
  ASSERT_EQ(plan.entries.size(), 5u);
  EXPECT_EQ(plan.entries[2].policy, ir::Policy::kDrop);
  EXPECT_EQ(plan.entries[2].priority, -150);
}

TEST(Classify, AStepAsksHeadAndMatchesInTheirOrder) {
  Handmade made;
  ir::Rule& rule = made.add("INPUT", {is(ir::kProtocol, 17)}, ir::Drop{});
  rule.matches.push_back(
      {.name = "udp", .predicate = {header(ir::Header::Form::kUdp), is(ir::kSourcePort, 53)}});
  rule.matches.push_back({.name = "comment"});
  rule.matches.push_back({.name = "limit", .predicate = {ir::Limit{.rate = 1}}});
  const Plan plan = classify(made.rules);
  ASSERT_EQ(plan.chains[0].steps.size(), 1u);
  const Step& step = plan.chains[0].steps[0];
  EXPECT_EQ(step.id, rule.id);
  ASSERT_EQ(step.conditions.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<ir::Header>(step.conditions[1]));
  EXPECT_TRUE(std::holds_alternative<ir::Limit>(step.conditions[3]));
  EXPECT_TRUE(std::holds_alternative<ir::Drop>(step.action));
}

}  // namespace
}  // namespace bulkhead::classify
