// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/queue.h"

#include <cstdlib>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace bulkhead::host {
namespace {

using namespace std::chrono_literals;

class QueueTest : public ::testing::Test {
 protected:
  const testing::TemporaryFolder made_{"queue"};
  const std::filesystem::path folder_ = made_.path();
};

TEST_F(QueueTest, OneAtATime) {
  auto first = std::optional(Queue::enter(Clock::now() + 1s, folder_));
  EXPECT_TRUE(first->held());
  EXPECT_FALSE(Queue::enter(Clock::now() + 20ms, folder_).held());
  first.reset();
  EXPECT_TRUE(Queue::enter(Clock::now(), folder_).held());
}

TEST_F(QueueTest, TheNextOneGetsItWhenTheFirstLeaves) {
  auto first = std::optional(Queue::enter(Clock::now() + 1s, folder_));
  std::thread leaving([&] {
    std::this_thread::sleep_for(30ms);
    first.reset();
  });
  EXPECT_TRUE(Queue::enter(Clock::now() + 10s, folder_).held());
  leaving.join();
}

TEST_F(QueueTest, WithoutAFolderItGoesOnWithoutWaiting) {
  const auto start = Clock::now();
  EXPECT_FALSE(Queue::enter(start + 10s, "/proc/no/such/folder").held());
  EXPECT_LT(Clock::now() - start, 5s);
}

TEST_F(QueueTest, DoesNotFollowALinkThatSomebodyLaid) {
  { const auto made = Queue::enter(Clock::now() + 1s, folder_); }
  const auto lock = std::filesystem::directory_iterator(folder_)->path();
  std::filesystem::remove(lock);
  std::filesystem::create_symlink(folder_ / "elsewhere", lock);
  EXPECT_FALSE(Queue::enter(Clock::now() + 1s, folder_).held());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "elsewhere"));
}

}  // namespace
}  // namespace bulkhead::host
