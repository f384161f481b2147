// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/delta.h"

#include <map>

#include <gtest/gtest.h>

#include "backend/nft/chain_name.h"
#include "backend/nft/kernel_model.h"
#include "backend/nft/plan_words.h"
#include "support/random.h"

namespace bulkhead::backend::nft::testing {
namespace {

std::vector<ir::Condition> to(uint16_t port) { return {protocol(17), udp(), dport(port)}; }
classify::Step drop(ir::RuleId id, uint16_t port) { return step(id, to(port), ir::Drop{}); }

template <class T> size_t number_of(const std::vector<Change>& changes) {
  return static_cast<size_t>(std::count_if(changes.begin(), changes.end(), [](const Change& c) {
    return std::holds_alternative<T>(c);
  }));
}

std::vector<ir::RuleId> ids_of(const KernelChain& chain) {
  std::vector<ir::RuleId> ids;
  for (const KernelRule& rule : chain.rules) {
    if (rule.id != ir::kNoId) ids.push_back(rule.id);
  }
  return ids;
}

TEST(Delta, NothingButTheSourceChangesWhereTheRulesAreTheSame) {
  KernelModel kernel;
  const classify::Plan rules = plan4({drop(1, 7), drop(2, 8)});
  kernel.commit(rules);
  const std::vector<Change> changes = kernel.commit(rules, "another");
  EXPECT_EQ(changes.size(), number_of<AddPieces>(changes) + number_of<DeletePieces>(changes));
  EXPECT_EQ(inspect(kernel.table()).stored->source, "another");
}

TEST(Delta, ARuleIsPutBeforeTheNextThatStays) {
  KernelModel kernel;
  kernel.commit(plan4({drop(1, 7), drop(2, 8)}));
  const uint64_t second = kernel.chain("filter/INPUT").rules.back().handle;
  const std::vector<Change> changes =
      kernel.commit(plan4({drop(1, 7), drop(3, 9), drop(4, 10), drop(2, 8)}));
  ASSERT_EQ(number_of<AddRule>(changes), 2u);
  EXPECT_EQ(std::get<AddRule>(changes[0]).before, second);
  EXPECT_EQ(std::get<AddRule>(changes[0]).rule.id, 3u);
  EXPECT_EQ(std::get<AddRule>(changes[1]).before, second);
  EXPECT_EQ(ids_of(kernel.chain("filter/INPUT")), (std::vector<ir::RuleId>{1, 3, 4, 2}));
}

TEST(Delta, ARuleThatGoesIsDeletedByItsHandle) {
  KernelModel kernel;
  kernel.commit(plan4({drop(1, 7), drop(2, 8), drop(3, 9)}));
  const std::vector<Change> changes = kernel.commit(plan4({drop(1, 7), drop(3, 9)}));
  EXPECT_EQ(number_of<DeleteRule>(changes), 1u);
  EXPECT_EQ(number_of<AddRule>(changes), 0u);
  EXPECT_EQ(number_of<FlushChain>(changes), 0u);
}

TEST(Delta, AChainOfWhichNothingStaysIsFlushed) {
  KernelModel kernel;
  kernel.commit(plan4({step(1, {}, ir::Drop{}), step(2, {}, ir::Drop{})}));
  const std::vector<Change> changes =
      kernel.commit(plan4({step(3, {}, ir::Drop{}), step(4, {}, ir::Drop{})}));
  EXPECT_EQ(number_of<FlushChain>(changes), 1u);
  EXPECT_EQ(number_of<DeleteRule>(changes), 0u);
}

TEST(Delta, ChainsComeBeforeTheirJumpsAndGoAfterThem) {
  KernelModel kernel;
  kernel.commit(plan4({drop(1, 7)}));
  kernel.commit(plan4(
      {step(2, {}, ir::Jump{.chain = "a"}), drop(1, 7)},
      {user_chain("a", {step(3, {}, ir::Jump{.chain = "b"})}), user_chain("b", {drop(4, 5)})}));
  EXPECT_EQ(ids_of(kernel.chain("filter/a")), std::vector<ir::RuleId>{3});
  kernel.commit(plan4({drop(1, 7)}));
  EXPECT_EQ(inspect(kernel.table()).damage, "");
  EXPECT_THROW(kernel.chain("filter/a"), std::runtime_error);
}

TEST(Delta, AMovedRuleKeepsItsCount) {
  KernelModel kernel;
  kernel.commit(plan4({drop(1, 7), drop(2, 8), drop(3, 9)}));
  kernel.hit(1, 10);
  kernel.hit(3, 30);
  const std::vector<Change> changes = kernel.commit(plan4({drop(2, 8), drop(3, 9), drop(1, 7)}));
  EXPECT_EQ(inspect(kernel.table()).stored->epoch, 1u);
  EXPECT_EQ(number_of<DeleteChain>(changes), 0u);
  EXPECT_EQ(kernel.counts().all[1].packets, 10u);
  EXPECT_EQ(kernel.counts().all[3].packets, 30u);
  EXPECT_EQ(kernel.counts().retired[3].packets, 30u);
  EXPECT_EQ(ids_of(kernel.chain("e1/filter/INPUT")), (std::vector<ir::RuleId>{2, 3, 1}));
}

TEST(Delta, ARenamedChainKeepsItsCounts) {
  KernelModel kernel;
  kernel.commit(plan4({step(1, {}, ir::Jump{.chain = "a"})}, {user_chain("a", {drop(2, 7)})}));
  kernel.hit(1, 3);
  kernel.hit(2, 2);
  kernel.commit(plan4({step(1, {}, ir::Jump{.chain = "b"})}, {user_chain("b", {drop(2, 7)})}));
  EXPECT_EQ(kernel.counts().all[1].packets, 3u);
  EXPECT_EQ(kernel.counts().all[2].packets, 2u);
}

TEST(Delta, ThePolicysCountStaysOverEpochs) {
  KernelModel kernel;
  kernel.commit(plan4({drop(1, 7), drop(2, 8)}));
  kernel.hit(kPolicyId, 5);
  kernel.commit(plan4({drop(2, 8), drop(1, 7)}));
  EXPECT_EQ(kernel.counts().all[kPolicyId].packets, 5u);
  EXPECT_EQ(kernel.counts().retired.count(kPolicyId), 0u);
  EXPECT_EQ(kernel.chain("hook/filter/INPUT").rules.size(), 2u);
}

TEST(Delta, RetiredChainsGoWithTheNextTransaction) {
  KernelModel kernel;
  kernel.commit(plan4({drop(1, 7), drop(2, 8)}));
  kernel.commit(plan4({drop(2, 8), drop(1, 7)}));
  kernel.commit(plan4({drop(1, 7), drop(2, 8)}));
  EXPECT_EQ(inspect(kernel.table()).stored->epoch, 2u) << "the names of both others are taken";
  EXPECT_THROW(kernel.chain("filter/INPUT"), std::runtime_error);
  kernel.commit(plan4({drop(1, 7), drop(2, 8)}));
  EXPECT_EQ(inspect(kernel.table()).damage, "");
  for (const KernelChain& chain : kernel.table().chains) {
    EXPECT_TRUE(chain.base || chain.name.starts_with("e2/")) << chain.name;
  }
}

TEST(Delta, AnythingThatIsNotSoundIsReplacedAsAWhole) {
  KernelModel kernel;
  kernel.commit(plan4({drop(1, 7)}));
  kernel.chain("filter/INPUT").rules.pop_back();
  EXPECT_EQ(inspect(kernel.table()).damage,
            "a rule of chain INPUT is missing: something else deleted it");
  const std::vector<Change> changes = kernel.commit(plan4({drop(1, 7)}));
  EXPECT_EQ(number_of<DeleteTable>(changes), 1u);
  EXPECT_EQ(inspect(kernel.table()).damage, "");
}

TEST(Delta, AHelperComesBeforeItsRulesAndGoesAfterThem) {
  const auto rules = [](std::vector<std::string> helpers) {
    std::vector<classify::Step> steps;
    for (const std::string& name : helpers)
      steps.push_back(step(name.size(), {protocol(6)}, helper(name)));
    return raw_plan(net::Family::kIpv4, std::move(steps));
  };
  KernelModel kernel;
  kernel.commit(rules({"ftp"}));
  EXPECT_EQ(number_of<AddHelper>(kernel.commit(rules({"ftp", "sane"}))), 1u);
  EXPECT_EQ(number_of<DeleteHelper>(kernel.commit(rules({"sane"}))), 1u);
  EXPECT_EQ(kernel.table().helpers.size(), 1u);
  EXPECT_EQ(inspect(kernel.table()).damage, "");
  kernel.table().helpers[0].helper = "sip";
  EXPECT_EQ(inspect(kernel.table()).damage, "something else changed the helper sane");
  kernel.table().helpers.clear();
  EXPECT_EQ(inspect(kernel.table()).damage,
            "the helper sane is missing: something else deleted it");
}

TEST(Delta, AHelperStaysWhileAChainThatIsKeptForItsCountsNamesIt) {
  const classify::Step give = step(1, {protocol(6)}, helper("ftp"));
  const classify::Step one = step(2, {}, ir::Continue{});
  const classify::Step other = step(3, {}, ir::Continue{});
  KernelModel kernel;
  kernel.commit(raw_plan(net::Family::kIpv4, {give, one, other}));
  EXPECT_EQ(number_of<DeleteHelper>(kernel.commit(raw_plan(net::Family::kIpv4, {other, one}))), 0u);
  EXPECT_EQ(inspect(kernel.table()).damage, "");
  EXPECT_EQ(number_of<DeleteHelper>(kernel.commit(raw_plan(net::Family::kIpv4, {other, one}))), 1u);
  EXPECT_EQ(inspect(kernel.table()).damage, "");
}

// What the caller knows of a rule: its count over all transactions, as Store would keep it in
// offsets.
struct Ledger {
  std::map<ir::RuleId, uint64_t> expected;
  std::map<ir::RuleId, uint64_t> offset;
};

TEST(Delta, RandomEditsLoseNoCountAndLeaveTheRulesInOrder) {
  bulkhead::testing::Random random("delta");
  for (int round = 0; round < 30; ++round) {
    KernelModel kernel;
    Ledger ledger;
    std::vector<classify::Step> input;
    std::vector<classify::Step> user;
    ir::RuleId next = 1;
    for (int edit = 0; edit < 40; ++edit) {
      std::vector<classify::Step>& chain = random.one_in(2) ? input : user;
      const size_t at = random.below(chain.size() + 1);
      const auto place = chain.begin() + static_cast<std::ptrdiff_t>(at);
      const uint16_t port = static_cast<uint16_t>(random.below(100));
      if (at == chain.size() || random.one_in(3)) {
        chain.insert(place, drop(next++, port));
      } else if (random.one_in(3)) {
        chain.erase(place);
      } else if (random.one_in(3)) {
        place->conditions = to(port);
      } else {
        std::swap(*place, chain[random.below(chain.size())]);
      }
      if (kernel.table().present) {
        for (const auto& [id, gone] : kernel.counts().retired) ledger.offset[id] += gone.packets;
      }
      kernel.commit(plan4(input, {user_chain("a", user)}));
      ASSERT_EQ(inspect(kernel.table()).damage, "") << "seed " << random.seed();
      const unsigned epoch = inspect(kernel.table()).stored->epoch;
      std::vector<ir::RuleId> wanted;
      for (const classify::Step& one : input) wanted.push_back(one.id);
      ASSERT_EQ(ids_of(kernel.chain(in_epoch(epoch, "filter/INPUT"))), wanted)
          << "seed " << random.seed();
      for (const auto* steps : {&input, &user}) {
        for (const classify::Step& one : *steps) {
          const uint64_t before = kernel.counts().all[one.id].packets;
          EXPECT_EQ(before + ledger.offset[one.id], ledger.expected[one.id])
              << "seed " << random.seed();
          kernel.hit(one.id, 1 + random.below(5));
          ledger.expected[one.id] += kernel.counts().all[one.id].packets - before;
        }
      }
    }
  }
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
