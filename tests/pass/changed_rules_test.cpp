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

// The packets that change, and "perhaps" those of which it can't be known.
std::vector<std::string> differing(const std::string& before, const std::string& after) {
  const auto found = difference(testing::rules_of(before), testing::rules_of(after), {});
  EXPECT_TRUE(found.ok());
  std::vector<std::string> packets;
  if (!found) return packets;
  for (const ChangedPackets& change : found->changes) packets.push_back(change.packets);
  for (const UnknownPackets& unknown : found->unknown)
    packets.push_back("perhaps " + unknown.packets);
  return packets;
}

// Who is put on a list is whom the condition is asked of, not who matches the rule.
TEST(ChangedRules, AConditionIsAskedOfMoreThanMatch) {
  const auto rules = [](const std::string& list) {
    return filter("-A INPUT -p udp -m recent --set --name " + list +
                  " -m ttl --ttl-eq 1 -j ACCEPT\n");
  };
  EXPECT_THAT(differing(rules("a"), rules("b")), ElementsAre("udp"));
}

// A table that is the same leaves nothing to ask of the next one's rules.
TEST(ChangedRules, WhatATableWritesIsKnownWhateverTheOneBeforeItIs) {
  const std::string same = "*filter\n-A INPUT -p udp -j DROP\nCOMMIT\n";
  const auto mangle = [&](const std::string& rules) {
    return same + "*mangle\n-A PREROUTING -m socket --restore-skmark\n" + rules + "COMMIT\n";
  };
  EXPECT_THAT(differing(mangle(""), mangle("-A PREROUTING -m mark --mark 1 -j DROP\n")),
              ElementsAre("perhaps everything"));
}

// A packet is another one by the time that it meets the rule that changed.
TEST(ChangedRules, WhatIsWrittenBeforeThemIsNoReasonToOverlookAPacket) {
  const std::string mark = "-A INPUT -p udp -j MARK --set-mark 1\n";
  const std::string before = "*mangle\n" + mark + "-A INPUT -m mark --mark 1 -j DROP\nCOMMIT\n";
  const std::string after = "*mangle\n" + mark + "COMMIT\n";
  EXPECT_THAT(differing(before, after), UnorderedElementsAre("udp", "not udp, mark 1"));
}

}  // namespace
}  // namespace bulkhead::pass
