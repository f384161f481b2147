// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/rate.h"

#include <gtest/gtest.h>

namespace bulkhead::ext {
namespace {

Result<std::string> parse(std::string_view text) { return parse_rate({&text, 1}, {}); }

// What is stored is the canonical text, and it is parsed again by every command: it must not drift.
TEST(Rate, CanonicalTextParsesToItself) {
  size_t rates = 0;
  for (const std::string_view unit : {"second", "minute", "hour", "day"}) {
    for (unsigned packets = 1; packets <= 20000; ++packets) {
      const std::string text = std::to_string(packets) + '/' + std::string(unit);
      const Result<std::string> canonical = parse(text);
      if (!canonical) continue;  // too fast
      ++rates;
      ASSERT_EQ(*parse(*canonical), *canonical) << text;
    }
  }
  EXPECT_EQ(rates, 10000u + 3 * 20000u);
}

// xt_limit rounds the time between two packets down to 100 microseconds, and its unit follows from
// that.
TEST(Rate, IsRoundedThroughItsPeriod) {
  EXPECT_EQ(*parse("3/s"), "3/sec");
  EXPECT_EQ(*parse("150/s"), "151/sec");
  EXPECT_EQ(*parse("5001/s"), "10000/sec");
  EXPECT_EQ(*parse("600/min"), "10/sec");
  EXPECT_EQ(*parse("601/min"), "601/min");
  EXPECT_EQ(*parse("90/min"), "90/min");
}

TEST(Rate, IsReadAsPacketsInSeconds) {
  const Rate rate = read_rate("7/min");
  EXPECT_EQ(rate.packets, 7u);
  EXPECT_EQ(rate.seconds, 60u);
  EXPECT_EQ(rate_period(rate), 85714u);
}

TEST(Rate, TakesAnyBeginningOfAUnit) {
  for (const std::string_view text : {"5/m", "5/mi", "5/Min", "5/minut", "5/MINUTE"}) {
    EXPECT_EQ(*parse(text), "5/min") << text;
  }
  EXPECT_FALSE(parse("5/minutes"));
  EXPECT_FALSE(parse("5/x"));
}

}  // namespace
}  // namespace bulkhead::ext
