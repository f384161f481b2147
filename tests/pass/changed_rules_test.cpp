// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/changed_rules.h"

#include <gmock/gmock.h>

#include "pass/difference.h"
#include "set/model_of_text.h"

namespace bulkhead::pass {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string filter(const std::string& rules, const std::string& policies = "") {
  return "*filter\n" + policies + rules + "COMMIT\n";
}

// The first condition's words of each changed rule, or "all".
std::vector<std::string> changed(const std::string& before, const std::string& after) {
  const ir::Ruleset a = testing::rules_of(before);
  const ir::Ruleset b = testing::rules_of(after);
  const auto rules = changed_rules(a.tables.front(), b.tables.front(), net::Family::kIpv4);
  if (!rules) return {"all"};
  std::vector<std::string> words;
  for (const ir::Rule* rule : *rules)
    words.push_back(rule->head.arguments.empty() ? "any" : rule->head.arguments.front().text);
  return words;
}

const std::string kOne = "-A INPUT -s 10.0.0.1/32 -j DROP\n";
const std::string kTwo = "-A INPUT -s 10.0.0.2/32 -j DROP\n";
const std::string kThree = "-A INPUT -s 10.0.0.3/32 -j DROP\n";

TEST(ChangedRules, AreThoseThatTheOtherHasNot) {
  EXPECT_THAT(changed(filter(kOne + kTwo), filter(kOne + kTwo)), IsEmpty());
  EXPECT_THAT(changed(filter(kOne + kTwo + kThree), filter(kOne + kThree)),
              ElementsAre("10.0.0.2/32"));
  EXPECT_THAT(changed(filter(kOne), filter(kTwo + kOne + kThree)),
              UnorderedElementsAre("10.0.0.2/32", "10.0.0.3/32"));
  EXPECT_THAT(changed(filter(kOne + kTwo), filter(kOne + "-A INPUT -s 10.0.0.2/32 -j ACCEPT\n")),
              ElementsAre("10.0.0.2/32", "10.0.0.2/32"));
}

TEST(ChangedRules, OneThatMovedIsAtOneOfItsPlaces) {
  EXPECT_THAT(changed(filter(kOne + kTwo + kThree), filter(kTwo + kThree + kOne)),
              UnorderedElementsAre("10.0.0.1/32", "10.0.0.1/32"));
}

TEST(ChangedRules, AnotherPolicyChangesAll) {
  EXPECT_THAT(changed(filter(kOne), filter(kOne, ":INPUT DROP\n")), ElementsAre("all"));
}

TEST(ChangedRules, AChainThatIsNewIsCalledByOne) {
  EXPECT_THAT(changed(filter(kOne), filter("-A INPUT -s 10.0.0.0/24 -j c\n-A c -j DROP\n" + kOne,
                                           ":c - [0:0]\n")),
              ElementsAre("10.0.0.0/24"));
}

// A packet is another one by the time that it meets the rule that changed.
TEST(ChangedRules, WhatIsWrittenBeforeThemIsNoReasonToOverlookAPacket) {
  const std::string mark = "-A INPUT -p udp -j MARK --set-mark 1\n";
  const std::string before = "*mangle\n" + mark + "-A INPUT -m mark --mark 1 -j DROP\nCOMMIT\n";
  const std::string after = "*mangle\n" + mark + "COMMIT\n";
  const auto found = difference(testing::rules_of(before), testing::rules_of(after), {});
  ASSERT_TRUE(found.ok());
  std::vector<std::string> packets;
  for (const ChangedPackets& change : found->changes) packets.push_back(change.packets);
  EXPECT_THAT(packets, UnorderedElementsAre("udp, mark not 1", "anything, mark 1"));
}

}  // namespace
}  // namespace bulkhead::pass
