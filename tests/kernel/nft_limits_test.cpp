// SPDX-License-Identifier: GPL-2.0-or-later
// How deep, how many, how fast, and who may.
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "kernel/nft_fixture.h"

namespace bulkhead::backend::nft::testing {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// User chains nested `depth` deep, each with a rule that needs a check chain below it.
classify::Plan nested(unsigned depth) {
  const auto name = [](unsigned level) { return "level" + std::to_string(level); };
  std::vector<classify::Chain> users;
  for (unsigned level = 1; level <= depth; ++level) {
    std::vector<classify::Step> steps{step(level * 2, udp_to(7), ir::Continue{})};
    if (level < depth) steps.push_back(step(level * 2 + 1, {}, ir::Jump{.chain = name(level + 1)}));
    users.push_back(user_chain(name(level), std::move(steps)));
  }
  return plan4({step(1, {}, ir::Jump{.chain = name(1)})}, std::move(users));
}

TEST_F(NftTest, ChainsNestAsDeepAsItSays) {
  const unsigned depth = backend_->max_depth();
  must_commit(nested(depth));
  send(7, 2);
  EXPECT_EQ(packets(depth * 2), 2u);
  const auto refused = commit(nested(depth + 1));
  ASSERT_FALSE(refused.ok()) << "it could say one more";
  EXPECT_EQ(refused.error().errno_value, EMLINK) << refused.error().message;
  EXPECT_EQ(read().v4.damage, "");
}

classify::Plan many(size_t rules) {
  std::vector<classify::Step> steps;
  for (size_t i = 0; i < rules; ++i) {
    steps.push_back(step(
        i + 1,
        {source(address4(10, 0, 0, 0) + i), protocol(6), tcp(), dport(static_cast<uint16_t>(i))},
        ir::Drop{}));
  }
  // One guard for all, so that rules are what is measured.
  steps.insert(steps.begin(), step(rules + 1, {protocol(6), tcp()}, ir::Continue{}));
  return plan4(std::move(steps));
}

// The bounds catch what grows with the square; other tests run beside these.
TEST_F(NftTest, AHundredThousandRulesAreOneTransaction) {
  classify::Plan rules = many(100'000);
  const Snapshot base = read();
  const std::vector<Desired> desired{{net::Family::kIpv4, std::move(rules), "source"}};
  const auto start = Clock::now();
  const auto done = backend_->commit(base, desired);
  const double load = milliseconds_since(start);
  ASSERT_TRUE(done.ok()) << done.error().message;
  RecordProperty("load_ms", std::to_string(load));
  EXPECT_LT(load, 30'000);
  // Looking takes seconds: for each 32 KiB of a dump the kernel walks the chain from its beginning.
  const Snapshot snapshot = read();
  EXPECT_EQ(snapshot.v4.damage, "");
  EXPECT_EQ(snapshot.v4.counters.size(), 100'002u);
}

TEST_F(NftTest, ReplacingAllRulesIsNoWorseThanLoadingThem) {
  must_commit(many(20'000));
  // All new ids: nothing can stay, and nothing is deleted one by one.
  classify::Plan other = many(20'000);
  for (classify::Step& one : other.chains[0].steps) one.id += 100'000;
  const auto again = Clock::now();
  must_commit(std::move(other));
  EXPECT_LT(milliseconds_since(again), 10'000);
  EXPECT_EQ(read().v4.damage, "");
}

TEST_F(NftTest, OneMoreRuleAmongTenThousandIsQuick) {
  classify::Plan rules = many(10'000);
  must_commit(rules);
  rules.chains[0].steps.push_back(step(20'000, udp_to(7), ir::Drop{}));
  const auto start = Clock::now();
  const Snapshot base = read();
  const double look = milliseconds_since(start);
  const std::vector<Desired> desired{{net::Family::kIpv4, rules, "more"}};
  ASSERT_TRUE(backend_->commit(base, desired).ok());
  const double all = milliseconds_since(start);
  RecordProperty("look_ms", std::to_string(look));
  RecordProperty("append_ms", std::to_string(all));
  EXPECT_LT(all, 1'000);
  send(7, 1);
  EXPECT_EQ(packets(20'000), 1u);
}

TEST_F(NftTest, AMixedChangeOfManyRulesKeepsTheCounts) {
  classify::Plan rules = many(20'000);
  rules.chains[0].steps.push_back(step(50'000, udp_to(7), ir::Drop{}));
  must_commit(rules);
  send(7, 2);
  // Every second rule goes: one by one that would walk the chain a hundred million steps.
  std::vector<classify::Step> half;
  for (size_t i = 0; i < rules.chains[0].steps.size(); i += 2)
    half.push_back(rules.chains[0].steps[i]);
  half.push_back(rules.chains[0].steps.back());
  rules.chains[0].steps = std::move(half);
  const auto start = Clock::now();
  must_commit(rules);
  EXPECT_LT(milliseconds_since(start), 5'000);
  send(7, 1);
  EXPECT_EQ(packets(50'000), 3u);
}

TEST_F(NftTest, SomebodyElseChangesTheirTableAllTheTime) {
  must_commit(many(2'000));
  bool stop = false;
  std::thread neighbour([&] {
    const std::string flip = "add table inet theirs\ndelete table inet theirs\n";
    while (!stop) namespace_->exec({"nft", "-f", "-"}, {.input = flip});
  });
  for (int i = 0; i < 20; ++i) {
    classify::Plan rules = many(2'000);
    rules.chains[0].steps.push_back(step(5'000 + static_cast<ir::RuleId>(i), {}, ir::Drop{}));
    const auto done = commit(std::move(rules), "source " + std::to_string(i));
    EXPECT_TRUE(done.ok()) << done.error().message;
  }
  stop = true;
  neighbour.join();
  EXPECT_EQ(read().v4.source, "source 19");
  EXPECT_EQ(read().v4.damage, "");
}

// Runs in a child, in a user namespace of its own: a thread can't make one.
template <class Body> int in_user_namespace(Body body) {
  const uid_t uid = getuid();
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) _exit(77);
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1\n";
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(NftUserNamespace, WorksWithoutRootOutside) {
  const int result = in_user_namespace([] {
    auto backend = open();
    if (!backend) return 1;
    for (net::Family family : net::kFamilies) {
      auto base = (*backend)->read(true);
      if (!base) return 2;
      const std::vector<Desired> desired{
          {family, plan(family, {step(1, {protocol(17), udp(), dport(7)}, ir::Drop{})}), "s"}};
      if (!(*backend)->commit(*base, desired)) return 3;
    }
    auto after = (*backend)->read(true);
    return after && after->v4.source == "s" && after->v6.source == "s" && after->v6.damage.empty()
               ? 0
               : 4;
  });
  if (result == 77) GTEST_SKIP() << "no user namespaces here";
  EXPECT_EQ(result, 0);
}

TEST(NftUserNamespace, ABatchThatIsTooLargeIsExplained) {
  const int result = in_user_namespace([] {
    auto backend = open();
    auto base = (*backend)->read(true);
    if (!base) return 1;
    const std::vector<Desired> desired{{net::Family::kIpv4, many(100'000), "s"}};
    auto done = (*backend)->commit(*base, desired);
    if (done) return 2;
    return done.error().errno_value == EMSGSIZE &&
                   done.error().hint.find("net.core.wmem_max") != std::string::npos
               ? 0
               : 3;
  });
  if (result == 77) GTEST_SKIP() << "no user namespaces here";
  EXPECT_EQ(result, 0);
}

TEST(NftPermission, WithoutTheCapabilityItSaysSo) {
  if (getuid() != 0) GTEST_SKIP() << "needs root, to give it up";
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWNET) != 0 || setuid(65534) != 0) _exit(77);
    auto backend = open();
    if (!backend) _exit(1);
    auto base = (*backend)->read(true);
    _exit(!base && base.error().kind == ErrorKind::kPermission ? 0 : 2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "can't give root up here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
