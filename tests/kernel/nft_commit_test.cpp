// SPDX-License-Identifier: GPL-2.0-or-later
// What is committed stands in the kernel, is read back as sound, and counts as it did before.
#include <gtest/gtest.h>

#include "kernel/nft_fixture.h"

namespace bulkhead::backend::nft::testing {
namespace {

TEST_F(NftTest, AFreshNamespaceHoldsNothing) {
  const Snapshot snapshot = read();
  EXPECT_FALSE(snapshot.v4.present);
  EXPECT_FALSE(snapshot.v6.present);
  EXPECT_EQ(snapshot.v4.damage, "");
}

TEST_F(NftTest, WhatIsCommittedIsReadBack) {
  const std::string source = "*filter\n" + std::string(5000, 'x') + "\nCOMMIT\n";
  const auto transaction = commit(plan4({step(1, udp_to(7), ir::Accept{})}), source);
  ASSERT_TRUE(transaction.ok()) << transaction.error().message;
  const Snapshot snapshot = read();
  EXPECT_TRUE(snapshot.v4.present);
  EXPECT_EQ(snapshot.v4.damage, "");
  EXPECT_EQ(snapshot.v4.source, source);
  EXPECT_EQ(snapshot.v4.transaction, *transaction);
  EXPECT_FALSE(snapshot.v6.present);
}

TEST_F(NftTest, PacketsAreCountedByTheirRuleAndByThePolicy) {
  must_commit(plan4({step(1, udp_to(7), ir::Accept{}), step(2, udp_to(9), ir::Drop{})}));
  send(7, 3);
  send(9, 2);
  EXPECT_EQ(packets(1), 3u);
  EXPECT_EQ(packets(2), 2u);
  EXPECT_EQ(read().v4.counters[1].bytes, 3u * (20 + 8 + 1));
  // The three that were let through are answered by ICMP errors over lo.
  EXPECT_EQ(packets(kPolicyId), 3u);
}

TEST_F(NftTest, CountersGoOnOverInsertAppendAndDelete) {
  must_commit(plan4({step(1, udp_to(7), ir::Drop{}), step(2, udp_to(9), ir::Drop{})}));
  send(7, 1);
  send(9, 2);
  must_commit(plan4({step(3, {source(0)}, ir::Drop{}), step(1, udp_to(7), ir::Drop{}),
                     step(2, udp_to(9), ir::Drop{}), step(4, udp_to(11), ir::Drop{})}));
  send(7, 1);
  send(11, 4);
  EXPECT_EQ(packets(1), 2u);
  EXPECT_EQ(packets(2), 2u);
  EXPECT_EQ(packets(4), 4u);
  must_commit(plan4({step(2, udp_to(9), ir::Drop{}), step(4, udp_to(11), ir::Drop{})}));
  send(9, 1);
  EXPECT_EQ(packets(2), 3u);
  EXPECT_EQ(packets(4), 4u);
  EXPECT_EQ(read().v4.counters.count(1), 0u);
  EXPECT_EQ(read().v4.damage, "");
}

TEST_F(NftTest, ARehearsalIsTheKernelsWordAndChangesNothing) {
  must_commit(plan4({step(1, udp_to(7), ir::Drop{})}));
  const Snapshot before = read();
  const auto rehearsed = [&](std::vector<classify::Step> steps) {
    return rehearse(plan4(std::move(steps)));
  };
  EXPECT_TRUE(rehearsed({step(1, udp_to(7), ir::Drop{}), step(2, udp_to(9), ir::Accept{})}).ok());
  // Nothing before the kernel knows that there is no such match.
  const auto refused = rehearsed(
      {step(1, udp_to(7), ir::Drop{}),
       step(2, {ir::Opaque{.name = "nonesuch", .bytes = std::vector<uint8_t>(8)}}, ir::Drop{})});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "Extension nonesuch revision 0 not supported, missing kernel module?");
  const Snapshot after = read();
  EXPECT_EQ(after.generation, before.generation);
  EXPECT_EQ(after.v4.transaction, before.v4.transaction);
  send(7, 2);
  EXPECT_EQ(packets(1), 2u);
}

TEST_F(NftTest, ANewSourceAloneTouchesNoRule) {
  const classify::Plan rules = plan4({step(1, udp_to(7), ir::Drop{})});
  must_commit(rules, "one");
  const std::string before = nft({"-a", "list", "chain", "ip", "bulkhead", "filter/INPUT"});
  must_commit(rules, "two");
  EXPECT_EQ(nft({"-a", "list", "chain", "ip", "bulkhead", "filter/INPUT"}), before);
  EXPECT_EQ(read().v4.source, "two");
}

TEST_F(NftTest, ALongerAndAShorterSourceReplaceEachOther) {
  const classify::Plan rules = plan4({});
  std::string noise;
  for (int i = 0; i < 20000; ++i) noise += std::to_string(i * 2654435761u);
  for (const std::string& source : {noise, std::string("short"), noise + noise, std::string()}) {
    must_commit(rules, source);
    EXPECT_EQ(read().v4.source, source);
    EXPECT_EQ(read().v4.damage, "");
  }
}

TEST_F(NftTest, AFormThatChangesUnderItsIdKeepsItsCount) {
  must_commit(plan4({step(1, udp_to(7), ir::Drop{}), step(2, udp_to(9), ir::Drop{})}));
  send(7, 3);
  send(9, 1);
  // Rule 1 now asks for another port, rule 2 stays.
  must_commit(plan4({step(1, udp_to(8), ir::Drop{}), step(2, udp_to(9), ir::Drop{})}));
  send(8, 2);
  send(9, 1);
  Snapshot snapshot = read();
  EXPECT_EQ(snapshot.v4.damage, "");
  EXPECT_EQ(snapshot.v4.counters[1].packets, 5u);
  EXPECT_EQ(snapshot.v4.retired[1].packets, 3u);
  EXPECT_EQ(snapshot.v4.counters[2].packets, 2u);
  EXPECT_EQ(snapshot.v4.retired[2].packets, 1u);
  // The next transaction takes the old chains away; their counts are the caller's now.
  must_commit(plan4({step(1, udp_to(8), ir::Drop{}), step(2, udp_to(9), ir::Drop{})}));
  snapshot = read();
  EXPECT_EQ(snapshot.v4.damage, "");
  EXPECT_EQ(snapshot.v4.counters[1].packets, 2u);
  EXPECT_TRUE(snapshot.v4.retired.empty());
  EXPECT_EQ(nft({"list", "ruleset"}).find("chain filter/"), std::string::npos);
}

TEST_F(NftTest, WithoutAPlanTheTableGoes) {
  must_commit(
      plan4({step(1, {}, ir::Jump{.chain = "a"})}, {user_chain("a", {step(2, {}, ir::Return{})})}));
  const std::vector<Desired> nothing{{.family = net::Family::kIpv4}};
  const Snapshot base = read();
  ASSERT_TRUE(backend_->commit(base, nothing).ok());
  EXPECT_EQ(nft({"list", "ruleset"}), "");
  const Snapshot empty = read();
  EXPECT_TRUE(backend_->commit(empty, nothing).ok()) << "nothing to remove";
}

TEST_F(NftTest, BothFamiliesChangeTogetherOrNotAtAll) {
  classify::Plan v6 = plan(net::Family::kIpv6, {step(1, {protocol(17)}, ir::Accept{})});
  std::vector<Desired> both{{net::Family::kIpv4, plan4({}), "four"},
                            {net::Family::kIpv6, v6, "six"}};
  ASSERT_TRUE(backend_->commit(read(), both).ok());
  EXPECT_EQ(read().v4.source, "four");
  EXPECT_EQ(read().v6.source, "six");
  // A jump to a chain that isn't there: the kernel refuses the second family's rule.
  both[0].source = "another";
  both[1].plan->chains[0].steps.push_back(step(2, {}, ir::Jump{.chain = "nowhere"}));
  const auto refused = backend_->commit(read(), both);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().errno_value, ENOENT);
  EXPECT_NE(refused.error().message.find("a rule of chain INPUT"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(read().v4.source, "four");
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
