// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/store.h"

#include <gtest/gtest.h>

#include "app/rules_text.h"
#include "app/stored_source.h"
#include "support/fake_backend.h"

namespace bulkhead::app {
namespace {

using net::Family;
using testing::FakeBackend;
using Fault = FakeBackend::Fault;
using namespace std::chrono_literals;

ir::Ruleset parsed(const std::string& body, Family family = Family::kIpv4,
                   Counts counts = Counts::kShown) {
  auto rules = parse_rules(Source("test", "*filter\n" + body + "COMMIT\n"), family, counts);
  EXPECT_TRUE(rules.ok()) << rules.error().message;
  return rules.ok() ? *rules : ir::Ruleset{.family = family};
}

// Adds what `body` says behind what is there.
Store::Edit append(const std::string& body) {
  return [body](ir::Ruleset& rules) -> Result<void> {
    ir::Ruleset more = parsed(body, rules.family);
    ir::Chain& input = *rules.table("filter").find("INPUT");
    for (ir::Rule& rule : more.table("filter").find("INPUT")->rules) input.rules.push_back(rule);
    return {};
  };
}

class StoreTest : public ::testing::Test {
 protected:
  void change(const Store::Edit& edit) {
    const auto done = store_.change(Family::kIpv4, 5s, edit);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  ir::Chain input() {
    auto rules = store_.load(Family::kIpv4);
    EXPECT_TRUE(rules.ok()) << rules.error().message;
    ir::Chain* const chain = rules->table("filter").find("INPUT");
    return *chain;
  }

  FakeBackend kernel_;
  Store store_{kernel_};
};

TEST_F(StoreTest, NoTableIsAnEmptyRuleset) {
  const auto rules = store_.load(Family::kIpv6);
  ASSERT_TRUE(rules.ok());
  EXPECT_TRUE(rules->tables.empty());
  EXPECT_EQ(rules->family, Family::kIpv6);
}

TEST_F(StoreTest, WhatWasWrittenIsReadAgain) {
  change(append("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"));
  const auto rules = store_.load(Family::kIpv4);
  ASSERT_TRUE(rules.ok()) << rules.error().message;
  EXPECT_NE(
      rules_text(*rules, Counts::kLeftOut).find("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"),
      std::string::npos);
}

TEST_F(StoreTest, AnEditThatChangesNothingIsNotWritten) {
  change(append("-A INPUT -j ACCEPT\n"));
  change([](ir::Ruleset&) -> Result<void> { return {}; });
  EXPECT_EQ(kernel_.commits, 1U);
}

TEST_F(StoreTest, AFailedEditIsNotWritten) {
  const auto done = store_.change(Family::kIpv4, 5s, [](ir::Ruleset& rules) -> Result<void> {
    rules.table("filter");
    return Error{.kind = ErrorKind::kRefused, .message = "no"};
  });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(kernel_.commits, 0U);
}

TEST_F(StoreTest, CountsGoOnThroughAChangeOfOtherRules) {
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  const ir::RuleId id = input().rules[0].id;
  kernel_.hit(Family::kIpv4, id, {3, 300});
  change([](ir::Ruleset& rules) -> Result<void> {
    auto more = parsed("-A INPUT -p udp -j ACCEPT\n");
    auto& chain = *rules.table("filter").find("INPUT");
    chain.rules.insert(chain.rules.begin(), more.table("filter").find("INPUT")->rules[0]);
    return {};
  });
  kernel_.hit(Family::kIpv4, id, {1, 100});
  const ir::Chain chain = input();
  EXPECT_EQ(chain.rules[1].counters, (ir::Counters{4, 400}));
  EXPECT_EQ(chain.rules[1].id, id);
  EXPECT_EQ(chain.rules[0].counters, ir::Counters{});
}

TEST_F(StoreTest, ZeroingKeepsTheKernelsCounterAndStoresItsNegative) {
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  const ir::RuleId id = input().rules[0].id;
  kernel_.hit(Family::kIpv4, id, {3, 300});
  change([](ir::Ruleset& rules) -> Result<void> {
    rules.table("filter").find("INPUT")->rules[0].counters = {};
    return {};
  });
  EXPECT_EQ(input().rules[0].counters, ir::Counters{});
  kernel_.hit(Family::kIpv4, id, {2, 120});
  EXPECT_EQ(input().rules[0].counters, (ir::Counters{2, 120}));
}

TEST_F(StoreTest, CountsOfARetiredFormAreCarriedAsAnOffset) {
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  const ir::RuleId id = input().rules[0].id;
  kernel_.hit(Family::kIpv4, id, {10, 1000});
  kernel_.state.v4.retired[id] = {
      7, 700};  // the kernel's ten are three here and seven in an old chain
  change(append("-A INPUT -p udp -j ACCEPT\n"));
  EXPECT_EQ(kernel_.state.v4.counters[id], (ir::Counters{3, 300}));
  EXPECT_EQ(input().rules[0].counters, (ir::Counters{10, 1000}));
}

TEST_F(StoreTest, CountsGivenByTheUserAreWhereCountingStarts) {
  change(append("[5:50] -A INPUT -p tcp -j ACCEPT\n"));
  kernel_.hit(Family::kIpv4, input().rules[0].id, {1, 1});
  EXPECT_EQ(input().rules[0].counters, (ir::Counters{6, 51}));
}

TEST_F(StoreTest, IdsAreNeverUsedTwice) {
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  const ir::RuleId first = input().rules[0].id;
  change([](ir::Ruleset& rules) -> Result<void> {
    rules.table("filter").find("INPUT")->rules.clear();
    return {};
  });
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  EXPECT_GT(input().rules[0].id, first);
}

TEST_F(StoreTest, AnotherCommandsRuleIsNotLost) {
  kernel_.meddle = [](FakeBackend& self) {
    self.meddle = nullptr;
    ASSERT_TRUE(Store(self).change(Family::kIpv4, 0s, append("-A INPUT -p udp -j ACCEPT\n")).ok());
  };
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  EXPECT_EQ(input().rules.size(), 2U);
}

TEST_F(StoreTest, ADamagedTableIsRefusedButForAFullLoad) {
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  kernel_.state.v4.damage = "a rule is missing";
  kernel_.state.v4.source.clear();
  const auto loaded = store_.load(Family::kIpv4);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().kind, ErrorKind::kDamaged);
  EXPECT_EQ(store_.change(Family::kIpv4, 5s, append("-A INPUT -j DROP\n")).error().kind,
            ErrorKind::kDamaged);

  const std::vector whole{parsed("-A INPUT -p udp -j ACCEPT\n")};
  ASSERT_TRUE(store_.replace(whole, 5s).ok());
  EXPECT_EQ(input().rules.size(), 1U);
  EXPECT_EQ(input().rules[0].counters, ir::Counters{})
      << "what the damaged table counted isn't ours";
}

TEST_F(StoreTest, ADamagedTableCanBeStartedAnew) {
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  kernel_.state.v4.damage = "a rule is missing";
  const auto anew = [&](std::string* replaced) {
    return store_.change(Family::kIpv4, 5s, append("-A INPUT -p udp -j ACCEPT\n"),
                         OnDamage::kStartAnew, replaced);
  };
  std::string replaced;
  ASSERT_TRUE(anew(&replaced).ok());
  EXPECT_EQ(input().rules.size(), 1U);
  EXPECT_EQ(replaced, "a rule is missing");

  kernel_.state.v4.damage.clear();
  ASSERT_TRUE(anew(&replaced).ok());
  EXPECT_EQ(input().rules.size(), 2U);
  EXPECT_EQ(replaced, "") << "of a sound one nothing is lost";
}

TEST_F(StoreTest, ASourceThatCannotBeReadIsDamage) {
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  kernel_.state.v4.source = "bulkhead 2\n";
  EXPECT_EQ(store_.load(Family::kIpv4).error().kind, ErrorKind::kDamaged);
}

TEST_F(StoreTest, BothFamiliesAreReplacedInOneCommit) {
  const std::vector both{parsed("-A INPUT -j DROP\n", Family::kIpv4),
                         parsed("-A INPUT -j DROP\n", Family::kIpv6)};
  ASSERT_TRUE(store_.replace(both, 5s).ok());
  EXPECT_EQ(kernel_.commits, 1U);
  EXPECT_TRUE(kernel_.state.v4.present && kernel_.state.v6.present);
  kernel_.faults = {Fault::kRefused};
  EXPECT_FALSE(store_.clear(net::kFamilies, 5s).ok());
  EXPECT_TRUE(kernel_.state.v4.present && kernel_.state.v6.present);
  ASSERT_TRUE(store_.clear(net::kFamilies, 5s).ok());
  EXPECT_FALSE(kernel_.state.v4.present || kernel_.state.v6.present);
}

TEST_F(StoreTest, ALostAnswerAddsTheRuleOnce) {
  kernel_.faults = {Fault::kLostDone};
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  EXPECT_EQ(input().rules.size(), 1U);
  kernel_.faults = {Fault::kLostNotDone};
  change(append("-A INPUT -p tcp -j ACCEPT\n"));
  EXPECT_EQ(input().rules.size(), 2U);
}

TEST(StoredSource, RoundTrip) {
  ir::Ruleset rules = parsed(
      ":INPUT DROP [7:700]\n:ours - [0:0]\n[1:2] -A INPUT -j "
      "ours\n[18446744073709551615:18446744073709551516] "
      "-A ours -s 192.0.2.0/24 -j ACCEPT\n-A ours -m comment --comment \"a \\\"b\\\" # c\" -j "
      "RETURN\n");
  ir::RuleId id = 40;
  for (auto& chain : rules.table("filter").chains) {
    if (chain.builtin()) chain.policy_id = id++;
    for (auto& rule : chain.rules) rule.id = id += 3;
  }
  rules.next_id = 100;
  const std::string text = write_source(rules, "abc");
  const auto back = read_source(text, Family::kIpv4);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(write_source(*back, "abc"), text);
  EXPECT_EQ(back->next_id, 100U);
  EXPECT_EQ(back->find("filter")->find("ours")->rules[0].counters.packets, UINT64_MAX);
  EXPECT_EQ(back->find("filter")->find("INPUT")->policy_counters, (ir::Counters{7, 700}));
}

TEST(StoredSource, AnythingElseIsRefused) {
  ir::Ruleset rules = parsed("-A INPUT -j ACCEPT\n");
  ir::RuleId id = 1;
  for (auto& chain : rules.table("filter").chains) {
    if (chain.builtin()) chain.policy_id = id++;
    for (auto& rule : chain.rules) rule.id = id++;
  }
  rules.next_id = id;
  const std::string text = write_source(rules, "abc");
  ASSERT_TRUE(read_source(text, Family::kIpv4).ok());
  EXPECT_FALSE(read_source(text, Family::kIpv6).ok());
  EXPECT_FALSE(read_source("", Family::kIpv4).ok());
  EXPECT_FALSE(read_source(text.substr(0, text.size() / 2), Family::kIpv4).ok());
  EXPECT_FALSE(read_source(text + "x", Family::kIpv4).ok());
  // We write addresses. A name would make whoever reads ask a name server.
  std::string named = text;
  named.replace(named.find("-A INPUT"), 8, "-A INPUT -s localhost");
  EXPECT_FALSE(read_source(named, Family::kIpv4).ok());
  std::string fewer = text;
  fewer.replace(fewer.find("ids 1-4"), 7, "ids 1-3");
  EXPECT_FALSE(read_source(fewer, Family::kIpv4).ok());
  std::string more = text;
  more.replace(more.find("ids 1-4"), 7, "ids 1-5");
  EXPECT_FALSE(read_source(more, Family::kIpv4).ok());
}

}  // namespace
}  // namespace bulkhead::app
