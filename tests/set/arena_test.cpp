// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/arena.h"

#include <gtest/gtest.h>

namespace bulkhead::set {
namespace {

// Two dimensions of ten atoms.
class ArenaTest : public ::testing::Test {
 protected:
  Node between(uint32_t dimension, uint32_t first, uint32_t last) {
    std::vector<Edge> edges;
    for (uint32_t i = 0; i < 10; ++i)
      edges.push_back({i, first <= i && i <= last ? kEverything : kNothing});
    return arena_.node(dimension, edges);
  }

  Arena arena_{{10, 10}, {}};
};

TEST_F(ArenaTest, EqualSetsAreEqualNumbers) {
  const Node low = between(0, 0, 4);
  EXPECT_EQ(arena_.unite(low, between(0, 5, 9)), kEverything);
  EXPECT_EQ(arena_.intersect(low, between(0, 5, 9)), kNothing);
  EXPECT_EQ(arena_.complement(low), between(0, 5, 9));
  EXPECT_EQ(arena_.unite(between(0, 0, 2), between(0, 3, 4)), low);
  EXPECT_EQ(arena_.subtract(kEverything, arena_.complement(low)), low);
  EXPECT_EQ(arena_.node(0, std::vector<Edge>{{3, low}, {9, low}}), low);
}

TEST_F(ArenaTest, ProjectionLooksThroughOtherDimensions) {
  const Node corner = arena_.intersect(between(0, 0, 1), between(1, 7, 9));
  const std::vector<bool> seen = arena_.project(corner, 1);
  for (uint32_t i = 0; i < 10; ++i) EXPECT_EQ(seen[i], i >= 7) << i;
  EXPECT_EQ(arena_.some(corner, 1), between(0, 0, 1));
  EXPECT_EQ(arena_.some(corner, 0), between(1, 7, 9));
}

TEST_F(ArenaTest, CoverMayTakeSeveralSets) {
  const Node corner = arena_.intersect(between(0, 2, 6), between(1, 2, 6));
  EXPECT_TRUE(arena_.covered(corner, {between(0, 0, 4), between(0, 5, 9)}));
  EXPECT_TRUE(arena_.covered(corner, {between(0, 0, 4), between(1, 0, 9)}));
  EXPECT_FALSE(arena_.covered(corner, {between(0, 0, 4), between(1, 0, 5)}));
  EXPECT_TRUE(arena_.covered(corner, {between(0, 0, 4), between(1, 0, 5),
                                      arena_.intersect(between(0, 5, 9), between(1, 6, 9))}));
  EXPECT_FALSE(arena_.covered(corner, {}));
  EXPECT_TRUE(arena_.covered(kNothing, {}));
  EXPECT_TRUE(arena_.disjoint(corner, between(0, 7, 9)));
  EXPECT_FALSE(arena_.disjoint(corner, between(0, 6, 9)));
}

TEST(Arena, ABudgetThatIsUsedUpIsSaid) {
  for (const auto limit : {Arena::Limit::kSteps, Arena::Limit::kTime, Arena::Limit::kMemory}) {
    Budget budget;
    if (limit == Arena::Limit::kSteps) budget.steps = 5000;
    if (limit == Arena::Limit::kTime) budget.deadline = std::chrono::steady_clock::now();
    if (limit == Arena::Limit::kMemory) budget.bytes = 1;
    Arena arena({200, 200, 200}, budget);
    Node all = kNothing;
    for (uint32_t i = 1; i < 100'000 && !arena.exhausted(); ++i) {
      Node box = kEverything;
      for (uint32_t dimension = 0; dimension < 3; ++dimension) {
        const uint32_t first = i * (2654435761u >> dimension) % 150;
        box =
            arena.intersect(box, arena.node(dimension, std::vector<Edge>{{first, kNothing},
                                                                         {first + 20, kEverything},
                                                                         {199, kNothing}}));
      }
      all = i % 2 == 0 ? arena.subtract(all, box) : arena.unite(all, box);
    }
    EXPECT_EQ(arena.limit(), limit);
  }
}

}  // namespace
}  // namespace bulkhead::set
