// SPDX-License-Identifier: GPL-2.0-or-later
// The laws of the algebra, on random sets over random small spaces; and what each set holds, packet
// by packet, beside the diagrams.
#include <algorithm>

#include <gtest/gtest.h>

#include "set/arena.h"
#include "support/random.h"

namespace bulkhead::set {
namespace {

using testing::Random;

// A set beside the list of its packets: packet p is the p-th of the space's.
struct Listed {
  Node node = kNothing;
  std::vector<bool> packets;
};

class RandomSpace {
 public:
  RandomSpace(std::vector<uint32_t> atoms, Random& random)
      : atoms_(std::move(atoms)), arena_(atoms_, {}), random_(random) {
    for (const uint32_t count : atoms_) size_ *= count;
  }

  Arena& arena() { return arena_; }
  size_t size() const { return size_; }
  uint32_t dimensions() const { return static_cast<uint32_t>(atoms_.size()); }

  uint32_t atom(size_t packet, uint32_t dimension) const {
    for (uint32_t i = 0; i < dimension; ++i) packet /= atoms_[i];
    return static_cast<uint32_t>(packet % atoms_[dimension]);
  }

  Listed interval() {
    const auto dimension = static_cast<uint32_t>(random_.below(atoms_.size()));
    const auto first = static_cast<uint32_t>(random_.below(atoms_[dimension]));
    const auto last = static_cast<uint32_t>(random_.between(first, atoms_[dimension] - 1));
    std::vector<Edge> edges;
    if (first > 0) edges.push_back({first - 1, kNothing});
    edges.push_back({last, kEverything});
    if (last + 1 < atoms_[dimension]) edges.push_back({atoms_[dimension] - 1, kNothing});
    Listed made{arena_.node(dimension, edges), std::vector<bool>(size_)};
    for (size_t p = 0; p < size_; ++p)
      made.packets[p] = first <= atom(p, dimension) && atom(p, dimension) <= last;
    return made;
  }

  Listed draw(int depth = 4) {
    if (depth == 0 || random_.one_in(6)) return interval();
    const Listed a = draw(depth - 1);
    const Listed b = draw(depth - 1);
    switch (random_.below(3)) {
      case 0:
        return combined(arena_.intersect(a.node, b.node), a, b,
                        [](bool x, bool y) { return x && y; });
      case 1:
        return combined(arena_.unite(a.node, b.node), a, b, [](bool x, bool y) { return x || y; });
      default:
        return combined(arena_.subtract(a.node, b.node), a, b,
                        [](bool x, bool y) { return x && !y; });
    }
  }

  bool holds(Node set, size_t packet) {
    while (!is_terminal(set)) {
      const uint32_t at = atom(packet, arena_.dimension(set));
      set = std::ranges::lower_bound(arena_.edges(set), at, {}, &Edge::last)->child;
    }
    return set == kEverything;
  }

 private:
  Listed combined(Node node, const Listed& a, const Listed& b, auto op) const {
    Listed made{node, std::vector<bool>(size_)};
    for (size_t p = 0; p < size_; ++p) made.packets[p] = op(a.packets[p], b.packets[p]);
    return made;
  }

  std::vector<uint32_t> atoms_;
  Arena arena_;
  Random& random_;
  size_t size_ = 1;
};

RandomSpace random_space(Random& random) {
  std::vector<uint32_t> atoms;
  for (uint64_t i = 1 + random.below(4); i > 0; --i)
    atoms.push_back(static_cast<uint32_t>(1 + random.below(6)));
  return RandomSpace(atoms, random);
}

constexpr int kRounds = 400;

TEST(Laws, SetsHoldWhatTheyShouldAndEqualSetsAreOneNode) {
  Random random("laws: canonical");
  for (int round = 0; round < kRounds; ++round) {
    RandomSpace space = random_space(random);
    const Listed a = space.draw();
    const Listed b = space.draw();
    for (size_t p = 0; p < space.size(); ++p) ASSERT_EQ(space.holds(a.node, p), a.packets[p]);
    ASSERT_EQ(a.node == b.node, a.packets == b.packets);
    ASSERT_EQ(a.node == kNothing, std::ranges::find(a.packets, true) == a.packets.end());
    ASSERT_EQ(a.node == kEverything, std::ranges::find(a.packets, false) == a.packets.end());
  }
}

TEST(Laws, OfUnionIntersectionDifferenceAndComplement) {
  Random random("laws: boolean");
  for (int round = 0; round < kRounds; ++round) {
    RandomSpace space = random_space(random);
    Arena& it = space.arena();
    const Node a = space.draw().node;
    const Node b = space.draw().node;
    const Node c = space.draw().node;
    ASSERT_EQ(it.unite(a, b), it.unite(b, a));
    ASSERT_EQ(it.intersect(a, b), it.intersect(b, a));
    ASSERT_EQ(it.unite(a, it.unite(b, c)), it.unite(it.unite(a, b), c));
    ASSERT_EQ(it.intersect(a, it.intersect(b, c)), it.intersect(it.intersect(a, b), c));
    ASSERT_EQ(it.intersect(a, it.unite(b, c)), it.unite(it.intersect(a, b), it.intersect(a, c)));
    ASSERT_EQ(it.unite(a, it.intersect(b, c)), it.intersect(it.unite(a, b), it.unite(a, c)));
    ASSERT_EQ(it.unite(a, it.intersect(a, b)), a);
    ASSERT_EQ(it.complement(it.complement(a)), a);
    ASSERT_EQ(it.complement(it.unite(a, b)), it.intersect(it.complement(a), it.complement(b)));
    ASSERT_EQ(it.unite(a, it.complement(a)), kEverything);
    ASSERT_EQ(it.intersect(a, it.complement(a)), kNothing);
    ASSERT_EQ(it.subtract(a, b), it.intersect(a, it.complement(b)));
    ASSERT_EQ(it.unite(it.subtract(a, b), it.intersect(a, b)), a);
    ASSERT_EQ(it.unite_all({a, b, c}), it.unite(it.unite(a, b), c));
  }
}

TEST(Laws, OfInclusionAndDisjointness) {
  Random random("laws: inclusion");
  for (int round = 0; round < kRounds; ++round) {
    RandomSpace space = random_space(random);
    Arena& it = space.arena();
    const Node a = space.draw().node;
    const Node b = space.draw().node;
    const Node c = space.draw().node;
    ASSERT_EQ(it.covered(a, {b}), it.subtract(a, b) == kNothing);
    ASSERT_EQ(it.covered(a, {b, c}), it.subtract(a, it.unite(b, c)) == kNothing);
    ASSERT_EQ(it.covered(a, {}), a == kNothing);
    ASSERT_EQ(it.disjoint(a, b), it.intersect(a, b) == kNothing);
    ASSERT_TRUE(it.covered(it.intersect(a, b), {a}));
    ASSERT_TRUE(it.covered(a, {it.unite(a, b)}));
  }
}

TEST(Laws, OfProjection) {
  Random random("laws: projection");
  for (int round = 0; round < kRounds; ++round) {
    RandomSpace space = random_space(random);
    Arena& it = space.arena();
    const Listed a = space.draw();
    const Listed b = space.draw();
    const auto dimension = static_cast<uint32_t>(random.below(space.dimensions()));
    std::vector<bool> seen(it.atoms(dimension), false);
    for (size_t p = 0; p < space.size(); ++p)
      if (a.packets[p]) seen[space.atom(p, dimension)] = true;
    ASSERT_EQ(it.project(a.node, dimension), seen);
    // What is there for some atom is there for all of them, and no less.
    const Node some = it.some(a.node, dimension);
    ASSERT_TRUE(it.covered(a.node, {some}));
    ASSERT_EQ(it.some(some, dimension), some);
    ASSERT_EQ(it.some(it.unite(a.node, b.node), dimension),
              it.unite(some, it.some(b.node, dimension)));
    const bool any = std::ranges::find(seen, true) != seen.end();
    const auto left = it.project(some, dimension);
    ASSERT_EQ(std::ranges::find(left, !any), left.end());
  }
}

TEST(Laws, ABudgetEndsTheWork) {
  Random random("laws: budget");
  Arena arena({1000, 1000, 1000}, {.steps = 50});
  Node all = kNothing;
  for (uint32_t i = 1; i < 900 && !arena.exhausted(); ++i) {
    Node cube = kEverything;
    for (uint32_t d = 0; d < 3; ++d) {
      const Edge edges[] = {{i - 1, kNothing}, {i, kEverything}, {999, kNothing}};
      cube = arena.intersect(cube, arena.node(2 - d, edges));
    }
    all = arena.unite(all, cube);
  }
  EXPECT_EQ(arena.limit(), Arena::Limit::kSteps);
}

}  // namespace
}  // namespace bulkhead::set
