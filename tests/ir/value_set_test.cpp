// SPDX-License-Identifier: GPL-2.0-or-later
#include "ir/value_set.h"

#include <gtest/gtest.h>

#include "support/random.h"

namespace bulkhead::ir {
namespace {

TEST(ValueSet, MergesWhatTouchesOrOverlaps) {
  EXPECT_EQ((ValueSet{{5, 6}, {1, 2}, {3, 4}, {9, 9}, {8, 10}}), (ValueSet{{1, 6}, {8, 10}}));
  EXPECT_EQ((ValueSet{{0, 3}, {0, 0}}).intervals().size(), 1u);
  EXPECT_TRUE((ValueSet{{3, 2}}).empty());
}

TEST(ValueSet, TheHighestNumberDoesNotRunOver) {
  const ValueSet top{{kU128Max, kU128Max}, {kU128Max - 1, kU128Max - 1}, {0, 0}};
  EXPECT_EQ(top.intervals().size(), 2u);
  EXPECT_TRUE(top.contains(kU128Max));
  EXPECT_EQ(top.complement(128), (ValueSet{{1, kU128Max - 2}}));
  EXPECT_EQ(ValueSet().complement(128), (ValueSet{{0, kU128Max}}));
}

TEST(ValueSet, TheComplementStaysWithinTheWidth) {
  EXPECT_EQ(ValueSet::of(7).complement(3), ValueSet::range(0, 6));
  EXPECT_EQ(ValueSet::of(0).complement(3), ValueSet::range(1, 7));
  EXPECT_TRUE(ValueSet::range(0, 7).complement(3).empty());
  EXPECT_TRUE(ValueSet::range(0, 200).complement(3).empty());
  EXPECT_EQ(ValueSet::range(100, 200).complement(3), ValueSet::range(0, 7));
}

// Against sets of eight-bit numbers written out one by one.
TEST(ValueSet, AgreesWithSetsWrittenOut) {
  testing::Random random("value sets");
  const auto draw = [&] {
    std::vector<Interval> intervals;
    for (uint64_t i = random.below(5); i > 0; --i) {
      const U128 first = random.below(256);
      intervals.push_back({first, std::min<U128>(255, first + random.below(60))});
    }
    return ValueSet(intervals);
  };
  for (int round = 0; round < 500; ++round) {
    const ValueSet a = draw();
    const ValueSet b = draw();
    const ValueSet either = a.united(b);
    const ValueSet both = a.intersected(b);
    const ValueSet none = a.complement(8);
    for (U128 value = 0; value < 256; ++value) {
      ASSERT_EQ(either.contains(value), a.contains(value) || b.contains(value));
      ASSERT_EQ(both.contains(value), a.contains(value) && b.contains(value));
      ASSERT_EQ(none.contains(value), !a.contains(value));
    }
    ASSERT_EQ(both, ValueSet(both.intervals())) << "not in its normal form";
    ASSERT_EQ(none, ValueSet(none.intervals())) << "not in its normal form";
  }
}

}  // namespace
}  // namespace bulkhead::ir
