// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/common_subsequence.h"

#include <gtest/gtest.h>

#include "support/random.h"

namespace bulkhead {
namespace {

using Numbers = std::vector<uint64_t>;

size_t kept_in_order(const Numbers& before, const Numbers& after) {
  const auto kept = common_subsequence<uint64_t>(before, after);
  EXPECT_EQ(kept.size(), after.size());
  size_t number = 0;
  size_t next = 0;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i]) continue;
    EXPECT_GE(*kept[i], next);
    EXPECT_EQ(before[*kept[i]], after[i]);
    next = *kept[i] + 1;
    ++number;
  }
  return number;
}

size_t longest(const Numbers& a, const Numbers& b) {
  std::vector<std::vector<size_t>> best(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      best[i][j] =
          a[i - 1] == b[j - 1] ? best[i - 1][j - 1] + 1 : std::max(best[i - 1][j], best[i][j - 1]);
    }
  }
  return best[a.size()][b.size()];
}

TEST(CommonSubsequence, KeepsAllThatCanStay) {
  EXPECT_EQ(kept_in_order({}, {1}), 0u);
  EXPECT_EQ(kept_in_order({1, 2, 3}, {1, 2, 3}), 3u);
  EXPECT_EQ(kept_in_order({1, 2, 3}, {0, 1, 2, 9, 3, 4}), 3u);
  EXPECT_EQ(kept_in_order({1, 2, 3}, {3, 2, 1}), 1u);
  EXPECT_EQ(kept_in_order({1, 1, 2}, {1, 2, 1}), 2u);
}

TEST(CommonSubsequence, IsTheLongestWhereNothingStandsTwice) {
  testing::Random random("subsequence");
  for (int round = 0; round < 200; ++round) {
    Numbers before(random.below(12));
    for (size_t i = 0; i < before.size(); ++i) before[i] = i;
    Numbers after = before;
    for (size_t i = 0; i < after.size(); ++i)
      std::swap(after[i], after[random.below(after.size())]);
    for (size_t i = 0; i < after.size(); ++i) {
      if (random.one_in(4)) after[i] += 100;
    }
    EXPECT_EQ(kept_in_order(before, after), longest(before, after)) << "seed " << random.seed();
  }
}

}  // namespace
}  // namespace bulkhead
