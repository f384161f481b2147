// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/number.h"

#include <gtest/gtest.h>

namespace bulkhead::ext {
namespace {

TEST(WholeNumber, IsReadAsCWritesIt) {
  EXPECT_EQ(whole_number("22", 0, 65535), 22u);
  EXPECT_EQ(whole_number("0x16", 0, 65535), 22u);
  EXPECT_EQ(whole_number("026", 0, 65535), 22u);
  EXPECT_EQ(whole_number(" +22", 0, 65535), 22u);
  EXPECT_EQ(whole_number("0", 0, 65535), 0u);
}

TEST(WholeNumber, StaysInItsBounds) {
  EXPECT_EQ(whole_number("65535", 0, 65535), 65535u);
  EXPECT_FALSE(whole_number("65536", 0, 65535));
  EXPECT_FALSE(whole_number("0", 1, 255));
  EXPECT_FALSE(whole_number("18446744073709551616", 0, UINT64_MAX));
  EXPECT_EQ(whole_number("18446744073709551615", 0, UINT64_MAX), UINT64_MAX);
}

TEST(WholeNumber, IsNothingElse) {
  for (const std::string_view text :
       {"", " ", "-1", " -1", "x", "1x", "1 ", "08", "0x", "--1", "+-1"}) {
    EXPECT_FALSE(whole_number(text, 0, 65535)) << '"' << text << '"';
  }
}

TEST(LeadingNumber, SaysWhatFollows) {
  const std::optional<Number> number = leading_number("3/1", 255);
  ASSERT_TRUE(number);
  EXPECT_EQ(number->value, 3u);
  EXPECT_EQ(number->rest, "/1");
  EXPECT_FALSE(leading_number("256/1", 255));
}

}  // namespace
}  // namespace bulkhead::ext
