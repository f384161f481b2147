// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/model.h"

#include <gtest/gtest.h>

#include "set/model_of_text.h"

namespace bulkhead::set {
namespace {

using testing::ModelOfText;

TEST(Model, TheSameConditionInOtherWordsIsTheSameSet) {
  ModelOfText it(R"(
-A INPUT -s 10.0.0.0/8
-A INPUT -m iprange --src-range 10.0.0.0-10.255.255.255
-A INPUT -p tcp --dport 20:23
-A INPUT -p tcp -m tcp --sport 0:65535 --dport 20:23
-A INPUT -p tcp --syn
-A INPUT -p tcp --tcp-flags FIN,SYN,RST,ACK SYN
-A INPUT -m state --state NEW,ESTABLISHED,RELATED
-A INPUT -m conntrack ! --ctstate INVALID,UNTRACKED
-A INPUT -m dscp --dscp 46
-A INPUT -m tos --tos 0xb8/0xfc
)");
  for (size_t i = 0; i < 10; i += 2) EXPECT_EQ(it.holds("INPUT", i), it.holds("INPUT", i + 1)) << i;
}

TEST(Model, AMaskThatIsNoPrefixTakesEveryOtherAddress) {
  ModelOfText it(R"(
-A INPUT -s 10.0.0.1/255.0.0.255
-A INPUT -s 10.7.7.1
-A INPUT -s 10.7.7.2
-A INPUT -s 10.0.0.0/8
)");
  Arena& arena = it.model.arena();
  EXPECT_TRUE(arena.covered(it.holds("INPUT", 1), {it.holds("INPUT", 0)}));
  EXPECT_TRUE(arena.disjoint(it.holds("INPUT", 2), it.holds("INPUT", 0)));
  EXPECT_TRUE(arena.covered(it.holds("INPUT", 0), {it.holds("INPUT", 3)}));
}

TEST(Model, PartsOfOneFieldMayOverlap) {
  ModelOfText it(R"(
-A INPUT -m mark --mark 0x10/0x30
-A INPUT -m mark --mark 0x14/0x3c
-A INPUT -m mark --mark 0x14
)");
  Arena& arena = it.model.arena();
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(arena.covered(it.holds("INPUT", i + 1), {it.holds("INPUT", i)})) << i;
    EXPECT_FALSE(arena.covered(it.holds("INPUT", i), {it.holds("INPUT", i + 1)})) << i;
  }
}

TEST(Model, AHeaderThatIsCutOffDropsThePacketAndALaterFragmentHasNone) {
  ModelOfText it("-A INPUT -p tcp --dport 22 -j ACCEPT");
  const Model::Held held = it.model.of(it.rule("INPUT", 0));
  Arena& arena = it.model.arena();
  EXPECT_TRUE(arena.disjoint(held.holds, held.drops));
  EXPECT_TRUE(arena.covered(
      held.drops, {it.model.of_shapes({Shape::kCutOff, Shape::kPortsOnly, Shape::kSecondBlock})}));
  EXPECT_TRUE(arena.disjoint(held.holds, it.model.of_shapes({Shape::kLaterFragment})));
}

// The sequence of rules is what a walk through them gives.
TEST(Model, AMarkIsReadBehindTheRuleThatSetsIt) {
  ModelOfText it(R"(*mangle
-A PREROUTING -s 10.0.0.0/8 -j MARK --set-mark 7
-A PREROUTING -m mark --mark 7 -j DROP
COMMIT
)");
  const ir::Chain& chain = *it.rules.find("mangle")->find("PREROUTING");
  const Node function = it.model.with_policy(
      it.model.sequence(it.model.function(chain.rules[0]), it.model.function(chain.rules[1])),
      ir::Accept{});
  const Node dropped = it.model.arena().complement(it.passing(function));
  const Node from_ten = it.model.of(chain.rules[0]).holds;
  const Node marked = it.model.of(chain.rules[1]).holds;
  EXPECT_EQ(dropped, it.model.arena().unite(from_ten, marked));
}

TEST(Model, AnUnknownMayFallEitherWay) {
  ModelOfText it("-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT");
  const Model::Held held = it.model.of(it.rule("INPUT", 0));
  EXPECT_FALSE(held.sure);
  const Node function = it.model.with_policy(it.model.function(it.rule("INPUT", 0)), ir::Drop{});
  const Node may_pass = it.passing(function);
  const Node may_stop = it.model.where(function, [&](std::span<const Outcome> possible) {
    return std::ranges::any_of(possible, [&](const Outcome& outcome) {
      return set::may_stop(outcome, it.model.outcomes());
    });
  });
  EXPECT_EQ(may_pass, held.holds);
  EXPECT_EQ(may_stop, kEverything);
}

TEST(Model, NamedUnknownsTellTwoLimitsApart) {
  const ModelOptions named{.named_unknowns = true};
  ModelOfText it(R"(
-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT
-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT
-A INPUT -p tcp -m limit --limit 2/s -j ACCEPT
)",
                 net::Family::kIpv4, named);
  EXPECT_TRUE(it.model.of(it.rule("INPUT", 0)).sure);
  EXPECT_NE(it.holds("INPUT", 0), it.holds("INPUT", 1));
  EXPECT_NE(it.holds("INPUT", 0), it.holds("INPUT", 2));
}

TEST(Model, AtAHookWithoutAnInterfaceThereIsNone) {
  ModelOfText it("-A INPUT -i eth0\n-A OUTPUT -o eth0");
  Arena& arena = it.model.arena();
  EXPECT_FALSE(arena.disjoint(it.model.at_hook(ir::Hook::kInput), it.holds("INPUT", 0)));
  EXPECT_TRUE(arena.disjoint(it.model.at_hook(ir::Hook::kInput), it.holds("OUTPUT", 0)));
  EXPECT_TRUE(arena.disjoint(it.model.at_hook(ir::Hook::kOutput), it.holds("INPUT", 0)));
  // What was forwarded keeps the one that it came in by; what is sent from here has none.
  const Node postrouting = it.model.at_hook(ir::Hook::kPostrouting);
  EXPECT_FALSE(arena.disjoint(postrouting, it.holds("INPUT", 0)));
  EXPECT_FALSE(
      arena.disjoint(postrouting, it.model.of({&ir::kInInterface, kU128Max, ir::ValueSet::of(0)})));
}

}  // namespace
}  // namespace bulkhead::set
