// SPDX-License-Identifier: GPL-2.0-or-later
// Random rulesets, changed in one thing or said in another way, compared. Which of them behave
// differently is decided by the simulator over all packets that their rules can tell apart.
#include "pass/difference.h"

#include <gtest/gtest.h>

#include "backend/sim/point.h"
#include "ext/fixed_names.h"
#include "lang/restore.h"
#include "net/packet.h"
#include "net/packet_build.h"
#include "pass/changed_rules.h"
#include "support/drawn_packets.h"
#include "support/ruleset_drawer.h"

namespace bulkhead::pass {
namespace {

using namespace bulkhead::testing;

ir::Ruleset parsed(const DrawnRuleset& drawn) {
  static const ext::FixedNames names;
  ir::Ruleset rules{.family = drawn.ip6 ? net::Family::kIpv6 : net::Family::kIpv4, .tables = {}};
  const auto done = lang::restore(Source("drawn", drawn.text()), {.names = &names}, rules);
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message) << "\n" << drawn.text();
  return rules;
}

constexpr size_t packets_to_try() {
#ifdef __SANITIZE_ADDRESS__
  return 1'000;
#else
  return 20'000;
#endif
}

std::vector<ir::Hook> hooks_of(const DrawnRuleset& drawn) {
  if (drawn.table == "nat") return {ir::Hook::kPrerouting};
  return {ir::Hook::kInput, ir::Hook::kForward};
}

struct Pair {
  DrawnRuleset drawn_before, drawn_after;
  ir::Ruleset before = parsed(drawn_before);
  ir::Ruleset after = parsed(drawn_after);

  std::string text() const { return drawn_before.text() + "\n" + drawn_after.text(); }
};

// The first of its connection, whole, and no ICMP error: that goes where its connection goes.
bool meets_nat(const sim::Packet& packet) {
  if (packet.state != ir::CtState::kNew && packet.state != ir::CtState::kRelated) return false;
  const net::Layout layout = *net::parse_layout(packet.bytes);
  if (layout.fragment_offset != 0 || !layout.protocol) return false;
  const size_t there =
      packet.bytes.size() - std::min<size_t>(packet.bytes.size(), layout.transport_offset);
  if (there < (layout.protocol == net::kTcp ? 20 : 8)) return false;
  const bool icmp = layout.protocol == net::kIcmp || layout.protocol == net::kIcmp6;
  return !icmp || packet.state == ir::CtState::kNew;
}

// The first packet found that they treat differently, in words.
std::optional<std::string> brute_force(const Pair& pair, Random& random) {
  for (const ir::Hook hook : hooks_of(pair.drawn_before)) {
    const DrawnPackets packets(hook, {&pair.before, &pair.after},
                               same_memories(pair.before, pair.after));
    const bool all = packets.size() <= packets_to_try();
    for (size_t i = 0; i < std::min(packets.size(), packets_to_try()); ++i) {
      const auto drawn = packets.at(all ? i : random.below(packets.size()));
      if (pair.drawn_before.table == "nat" && !meets_nat(drawn.packet)) continue;
      const std::string a = observed(packets.evaluate(pair.before, pair.drawn_before.table, drawn));
      const std::string b = observed(packets.evaluate(pair.after, pair.drawn_before.table, drawn));
      if (a != b) return a + " became " + b;
    }
  }
  return std::nullopt;
}

// Whether the witness is one.
void expect_witness(const Pair& pair, const ChangedPackets& change, const set::Space& space) {
  const auto packet = backend::sim::packet_at(space, change.witness, change.hook);
  const auto oracle = backend::sim::answers_at(space, change.witness);
  const auto a = sim::evaluate(pair.before, change.table, packet, oracle);
  const auto b = sim::evaluate(pair.after, change.table, packet, oracle);
  EXPECT_NE(observed(a), observed(b)) << change.packets << " in " << change.chain << ": "
                                      << change.before << " became " << change.after << "\n"
                                      << pair.text();
  EXPECT_EQ(a.verdict == sim::Verdict::kAccept, change.passed_before) << pair.text();
  EXPECT_EQ(b.verdict == sim::Verdict::kAccept, change.passes_after) << pair.text();
}

struct Tally {
  int different = 0;  // by brute force
  int same = 0;
};

void compare(const Pair& pair, Random& random, Tally& tally) {
  const auto found = difference(pair.before, pair.after, {});
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_TRUE(found->unknown.empty()) << pair.text();
  const auto seen = brute_force(pair, random);
  if (seen) {
    ++tally.different;
    EXPECT_FALSE(found->changes.empty()) << *seen << "\n" << pair.text();
  }
  for (const ChangedPackets& change : found->changes) expect_witness(pair, change, *found->space);
  if (!seen && found->changes.empty()) ++tally.same;
}

struct Kind {
  bool ip6;
  const char* table;
};

class DifferenceOf : public ::testing::TestWithParam<Kind> {
 protected:
  // Of all four kinds together more than 300 of each.
  static constexpr int kEnough = 80;
  static constexpr int kMostTries = 2'000;
};

TEST_P(DifferenceOf, MutationsIsFound) {
  Random random(std::string("mutations ") + GetParam().table + (GetParam().ip6 ? "6" : "4"));
  RulesetDrawer drawer(random, {.ip6 = GetParam().ip6, .table = GetParam().table});
  Tally tally;
  for (int tries = 0; tally.different < kEnough && tries < kMostTries; ++tries) {
    const DrawnRuleset before = drawer.draw();
    compare({before, drawer.mutated(before)}, random, tally);
    if (HasFailure()) return;
  }
  EXPECT_EQ(tally.different, kEnough);
}

TEST_P(DifferenceOf, RewritesIsNone) {
  Random random(std::string("rewrites ") + GetParam().table + (GetParam().ip6 ? "6" : "4"));
  RulesetDrawer drawer(random, {.ip6 = GetParam().ip6, .table = GetParam().table});
  Tally tally;
  for (int tries = 0; tally.same < kEnough && tries < kMostTries; ++tries) {
    DrawnRuleset before = drawer.draw();
    DrawnRuleset after = drawer.rewritten(before);
    if (random.one_in(2)) std::swap(before, after);
    compare({before, after}, random, tally);
    if (HasFailure()) return;
  }
  EXPECT_EQ(tally.same, kEnough);
  EXPECT_LT(tally.different, kEnough) << "the rewrites are none";
}

INSTANTIATE_TEST_SUITE_P(Drawn, DifferenceOf,
                         ::testing::Values(Kind{false, "filter"}, Kind{true, "filter"},
                                           Kind{false, "mangle"}, Kind{false, "nat"}),
                         [](const auto& it) {
                           return std::string(it.param.table) + (it.param.ip6 ? "6" : "4");
                         });

}  // namespace
}  // namespace bulkhead::pass
