// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/estimator_time.h"

#include <gtest/gtest.h>

namespace bulkhead::ext {
namespace {

constexpr uint64_t kMillisecond = 1'000, kSecond = 1'000'000;

TEST(EstimatorTime, UnitsInAnyCaseAndBareMicroseconds) {
  EXPECT_EQ(read_time("250ms"), 250 * kMillisecond);
  EXPECT_EQ(read_time("0.5S"), 500 * kMillisecond);
  EXPECT_EQ(read_time("2Secs"), 2 * kSecond);
  EXPECT_EQ(read_time("1e3"), kMillisecond);
  EXPECT_EQ(read_time("7usec"), 7u);
  EXPECT_EQ(read_time("1.9us"), 1u);
  for (const char* wrong : {"", "s", "-1s", "4m", "4 s", "nan", "inf", "1e30s", "4sx"})
    EXPECT_FALSE(read_time(wrong)) << wrong;
}

TEST(EstimatorTime, IsPrintedWithOneDecimal) {
  EXPECT_EQ(print_time(999), "999us");
  EXPECT_EQ(print_time(250 * kMillisecond), "250.0ms");
  EXPECT_EQ(print_time(64 * kSecond), "64.0s");
}

TEST(EstimatorTime, TheIntervalIsThePowerOfTwoThatIsNotBelow) {
  EXPECT_EQ(estimator_interval(0), -2);
  EXPECT_EQ(estimator_interval(250 * kMillisecond), -2);
  EXPECT_EQ(estimator_interval(250 * kMillisecond + 1), -1);
  EXPECT_EQ(estimator_interval(8 * kSecond), 3);
  EXPECT_FALSE(estimator_interval(8 * kSecond + 1));
}

// What is printed of any pair that the kernel knows means that pair again.
TEST(EstimatorTime, WhatIsPrintedIsReadBack) {
  for (int8_t interval = -2; interval <= 3; ++interval) {
    for (uint8_t log = 1; log < 31; ++log) {
      const EstimatorTimes times{interval, log};
      const auto first = read_time(print_time(interval_time(times)));
      const auto second = read_time(print_time(averaging_time(times)));
      ASSERT_TRUE(first && second);
      EXPECT_EQ(estimator_interval(*first), interval);
      EXPECT_EQ(estimator_averaging(*first, *second), log) << print_time(averaging_time(times));
    }
  }
}

TEST(EstimatorTime, AveragingOverLessThanTwoIntervalsThereIsNone) {
  EXPECT_FALSE(estimator_averaging(kSecond, kSecond));
  EXPECT_FALSE(estimator_averaging(0, kSecond));
  EXPECT_EQ(estimator_averaging(kSecond, 2 * kSecond), 1);
}

}  // namespace
}  // namespace bulkhead::ext
