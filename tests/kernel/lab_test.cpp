// SPDX-License-Identifier: GPL-2.0-or-later
// The whole story of the lab, as `./dev lab` plays it: as root, and as somebody without any rights.
#include <chrono>

#include <gtest/gtest.h>

#include "support/exec.h"
#include "support/namespace.h"

namespace bulkhead::testing {
namespace {

constexpr std::chrono::seconds kPatience{180};

class Lab : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
  }
  static std::string program() { return std::string(BULKHEAD_BIN_DIR) + "/bulkhead-lab"; }
};

TEST_F(Lab, TheStoryGoesAsExpected) {
  const ExecResult result = exec({program()}, {.timeout = kPatience});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
}

TEST_F(Lab, TheStoryGoesAsExpectedWithoutRights) {
  const ExecResult result =
      exec({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program()},
           {.timeout = kPatience});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
}

}  // namespace
}  // namespace bulkhead::testing
