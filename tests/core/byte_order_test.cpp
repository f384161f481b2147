// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/byte_order.h"

#include <array>

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(ByteOrder, TheFirstByteIsTheMostSignificant) {
  const std::array<uint8_t, 3> bytes{0x12, 0x34, 0x56};
  EXPECT_TRUE(load_be(bytes) == 0x123456);
  EXPECT_EQ(load_be16(bytes.data() + 1), 0x3456);
}

TEST(ByteOrder, WhatIsStoredIsLoadedAgainAtFullWidth) {
  std::array<uint8_t, 16> bytes{};
  const U128 value = U128{0x0123456789abcdef} << 64 | 0xfedcba9876543210;
  store_be(value, bytes);
  EXPECT_EQ(bytes[0], 0x01);
  EXPECT_EQ(bytes[15], 0x10);
  EXPECT_TRUE(load_be(bytes) == value);
}

TEST(ByteOrder, AShorterSpanTakesTheLowestBytes) {
  std::array<uint8_t, 2> bytes{};
  store_be(0x123456, bytes);
  EXPECT_EQ(bytes, (std::array<uint8_t, 2>{0x34, 0x56}));
}

}  // namespace
}  // namespace bulkhead
