// SPDX-License-Identifier: GPL-2.0-or-later
#include "ir/verify.h"

#include <cerrno>
#include <functional>

#include <gtest/gtest.h>

#include "ir/handmade.h"

namespace bulkhead::ir {
namespace {

using namespace bulkhead::testing;

TEST(Verify, TakesWhatIsSound) {
  Handmade made;
  made.add("INPUT", {is(kProtocol, 6), header(Header::Form::kTcp), is_not(kDestinationPort, 22)},
           jump("a"));
  made.add("a", {}, go_to("b"));
  made.add("INPUT", {}, jump("b"));
  made.add("b", {Constraint{.field = &kProtocol}}, Accept{});
  EXPECT_TRUE(verify(made.rules).ok());
}

struct Fault {
  std::function<void(Handmade&)> make;
  std::string message;
};

TEST(Verify, NamesTheFirstFault) {
  const Fault faults[] = {
      {[](Handmade& it) { it.add("INPUT", {}, jump("nowhere")); },
       "rule 1 of chain INPUT: there is no chain \"nowhere\""},
      {[](Handmade& it) { it.add("INPUT", {}, jump("FORWARD")); },
       "rule 1 of chain INPUT: FORWARD is a built-in chain"},
      {[](Handmade& it) { it.chain(std::string(29, 'x')); },
       "chain name \"" + std::string(29, 'x') + "\" is not 1 to 28 bytes long"},
      {[](Handmade& it) {
         it.filter().chains.push_back({.name = "INPUT", .policy = Policy::kDrop});
       },
       "there are two chains \"INPUT\" in table filter"},
      {[](Handmade& it) { it.filter().find("INPUT")->policy.reset(); },
       "chain INPUT of table filter lacks its policy"},
      {[](Handmade& it) { it.chain("a").policy = Policy::kDrop; },
       "chain a of table filter can't have a policy"},
      {[](Handmade& it) { it.filter().chains.erase(it.filter().chains.begin()); },
       "table filter lacks a built-in chain"},
      {[](Handmade& it) { it.rules.tables.push_back({.name = "broute"}); },
       "there is no table \"broute\""},
      {[](Handmade& it) { it.rules.tables.push_back(it.filter()); },
       "there are two tables \"filter\""},
      {[](Handmade& it) { it.add("INPUT", {Constraint{}}, Drop{}); },
       "rule 1 of chain INPUT: a condition without a field"},
      {[](Handmade& it) {
         it.rules.family = net::Family::kIpv6;
         it.add("INPUT", {is(kFragmentOffset, 0)}, Drop{});
       },
       "rule 1 of chain INPUT: ip6 has no \"frag-off\""},
      {[](Handmade& it) { it.add("INPUT", {is(kSourcePort, 65536)}, Drop{}); },
       "rule 1 of chain INPUT: a value is wider than \"sport\""},
      {[](Handmade& it) {
         it.add("INPUT",
                {Constraint{.field = &kSourcePort, .mask = 0x10000, .values = ValueSet::of(0)}},
                Drop{});
       },
       "rule 1 of chain INPUT: the mask is wider than \"sport\""},
      {[](Handmade& it) { it.add("INPUT", {AnyOf{}}, Drop{}); },
       "rule 1 of chain INPUT: a choice of nothing"},
      {[](Handmade& it) { it.add("INPUT", {header(Header::Form::kIcmp6)}, Drop{}); },
       "rule 1 of chain INPUT: ICMPv6 is a protocol of IPv6"},
      {[](Handmade& it) { it.add("INPUT", {Limit{}}, Drop{}); },
       "rule 1 of chain INPUT: a limit of nothing"},
      {[](Handmade& it) { it.add("INPUT", {}, Drop{}).id = 7; },
       "id 7 of a rule of chain INPUT was never given"},
  };
  for (const Fault& fault : faults) {
    Handmade made;
    fault.make(made);
    const auto sound = verify(made.rules);
    ASSERT_FALSE(sound.ok()) << fault.message;
    EXPECT_EQ(sound.error().message, fault.message);
    EXPECT_EQ(sound.error().kind, ErrorKind::kRefused);
  }
}

TEST(Verify, ALoopHasItsPathAndErrno) {
  Handmade made;
  made.add("INPUT", {}, jump("a"));
  made.add("a", {}, jump("b"));
  made.add("b", {}, go_to("a")).span = {5, 9};
  const auto sound = verify(made.rules);
  ASSERT_FALSE(sound.ok());
  EXPECT_EQ(sound.error().message, "chains call each other in a loop: INPUT -> a -> b -> a");
  EXPECT_EQ(sound.error().errno_value, ELOOP);
  EXPECT_EQ(sound.error().span, (Span{5, 9}));
}

// iptables-legacy 1.8.9 takes it, and refuses the rule that leads into it.
TEST(Verify, ALoopThatNoPacketReachesIsAllowed) {
  Handmade made;
  made.add("a", {}, jump("a"));
  EXPECT_TRUE(verify(made.rules).ok());
}

TEST(Verify, SharedIdsAreForRewrittenRulesOnly) {
  Handmade made;
  made.add("INPUT", {}, Drop{});
  made.add("INPUT", {}, Drop{}).id = 1;
  EXPECT_TRUE(verify(made.rules, Ids::kShared).ok());
  const auto sound = verify(made.rules);
  ASSERT_FALSE(sound.ok());
  EXPECT_EQ(sound.error().message, "id 1 of a rule of chain INPUT is there twice");
}

}  // namespace
}  // namespace bulkhead::ir
