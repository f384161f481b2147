// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/transaction.h"

#include <gtest/gtest.h>

#include "support/fake_backend.h"

namespace bulkhead::host {
namespace {

using testing::FakeBackend;
using Fault = FakeBackend::Fault;
using namespace std::chrono_literals;

// A change that appends a letter to what is there, so that doing it twice shows.
Compute append(std::string letter) {
  return [letter](const backend::Snapshot& look) -> Result<std::vector<backend::Desired>> {
    return std::vector{backend::Desired{
        .family = net::Family::kIpv4, .plan = classify::Plan{}, .source = look.v4.source + letter}};
  };
}

TEST(Transact, CommitsOnceWhenNothingIsInTheWay) {
  FakeBackend kernel;
  ASSERT_TRUE(transact(kernel, 1s, append("a")).ok());
  EXPECT_EQ(kernel.state.v4.source, "a");
  EXPECT_EQ(kernel.commits, 1U);
}

TEST(Transact, ComputesAnewFromWhatAnotherProgramMade) {
  FakeBackend kernel;
  kernel.meddle = [](FakeBackend& self) {
    self.meddle = nullptr;
    self.state.v4.source = "theirs+";
    self.state.v4.present = true;
    ++self.state.generation;
  };
  ASSERT_TRUE(transact(kernel, 5s, append("a")).ok());
  EXPECT_EQ(kernel.state.v4.source, "theirs+a");
}

TEST(Transact, GivesUpWhenTheTimeIsOver) {
  FakeBackend kernel;
  kernel.faults.assign(1000, Fault::kStale);
  const auto result = transact(kernel, 0s, append("a"));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::kBusy);
  EXPECT_EQ(kernel.faults.size(), 999U) << "one attempt is made even without time";
  EXPECT_EQ(kernel.commits, 0U);
}

TEST(Transact, ALostAnswerToACommitThatWasDoneIsSuccessOnce) {
  FakeBackend kernel;
  kernel.faults = {Fault::kLostDone};
  ASSERT_TRUE(transact(kernel, 1s, append("a")).ok());
  EXPECT_EQ(kernel.state.v4.source, "a");
  EXPECT_EQ(kernel.commits, 1U);
}

TEST(Transact, ALostAnswerToACommitThatWasNotDoneIsTriedAgain) {
  FakeBackend kernel;
  kernel.faults = {Fault::kLostNotDone};
  ASSERT_TRUE(transact(kernel, 1s, append("a")).ok());
  EXPECT_EQ(kernel.state.v4.source, "a");
}

TEST(Transact, ALostAnswerAndSomebodyElsesRulesIsSaid) {
  FakeBackend kernel;
  kernel.faults = {Fault::kLostNotDone};
  kernel.meddle = [](FakeBackend& self) {
    self.state.v4.source = "theirs";
    self.state.v4.present = true;
    self.state.v4.transaction = "another";
  };
  const auto result = transact(kernel, 1s, append("a"));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::kUnclear);
  EXPECT_EQ(kernel.state.v4.source, "theirs");
}

TEST(Transact, ARemovedTableWithALostAnswerIsDone) {
  FakeBackend kernel;
  ASSERT_TRUE(transact(kernel, 1s, append("a")).ok());
  kernel.faults = {Fault::kLostDone};
  const auto remove = [](const backend::Snapshot&) -> Result<std::vector<backend::Desired>> {
    return std::vector{backend::Desired{.family = net::Family::kIpv4}};
  };
  ASSERT_TRUE(transact(kernel, 1s, remove).ok());
  EXPECT_FALSE(kernel.state.v4.present);
}

TEST(Transact, AnErrorOfTheComputationSendsNothing) {
  FakeBackend kernel;
  const auto result = transact(kernel, 1s, [](const backend::Snapshot&) {
    return Result<std::vector<backend::Desired>>(
        Error{.kind = ErrorKind::kRefused, .message = "no"});
  });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "no");
  EXPECT_EQ(kernel.commits, 0U);
}

TEST(Transact, NothingDesiredIsNothingSent) {
  FakeBackend kernel;
  kernel.faults = {Fault::kRefused};
  const auto result = transact(kernel, 1s, [](const backend::Snapshot&) {
    return Result<std::vector<backend::Desired>>(std::vector<backend::Desired>{});
  });
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(kernel.faults.size(), 1U);
}

TEST(DeadlineAfter, ForEverDoesNotOverflow) {
  EXPECT_EQ(deadline_after(std::chrono::seconds::max()), Clock::time_point::max());
  EXPECT_LT(deadline_after(30s), Clock::now() + 31s);
}

}  // namespace
}  // namespace bulkhead::host
