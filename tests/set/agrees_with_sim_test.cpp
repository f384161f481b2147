// SPDX-License-Identifier: GPL-2.0-or-later
// Sets and functions of packets beside the simulator: random rulesets, random packets (fragments
// and cut-off headers among them), every operation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ext/fixed_names.h"
#include "lang/restore.h"
#include "net/packet.h"
#include "set/model.h"
#include "set/witness.h"
#include "support/drawn_packets.h"
#include "support/ruleset_drawer.h"

namespace bulkhead::set {
namespace {

using namespace bulkhead::testing;

constexpr size_t kPairs = 26'000;  // of each of four kinds of rules
constexpr size_t kPacketsOfOne = 40;

// The packet's bits, read here once more and not by anything of the algebra.
std::optional<U128> bits(const Bytes& bytes, size_t first, unsigned width) {
  if (first + width > bytes.size() * 8) return std::nullopt;
  U128 value = 0;
  for (size_t i = first; i < first + width; ++i)
    value = value << 1 | (bytes[i / 8] >> (7 - i % 8) & 1);
  return value;
}

Shape shape_of(const sim::Packet& packet, const net::Layout& layout) {
  if (layout.fragment_offset == 1) return Shape::kSecondBlock;
  if (layout.fragment_offset != 0) return Shape::kLaterFragment;
  const size_t there = packet.bytes.size() - layout.transport_offset;
  const size_t wanted = layout.protocol == 6 ? 20 : 8;
  if (there >= wanted) return Shape::kWhole;
  return there >= 4 ? Shape::kPortsOnly : Shape::kCutOff;
}

class Points {
 public:
  Points(const Space& space, const DrawnPackets& packets) : space_(space), packets_(packets) {}

  Point of(const DrawnPackets::Drawn& drawn, const ir::Ruleset& rules) {
    const net::Layout layout = *net::parse_layout(drawn.packet.bytes);
    Point point;
    for (uint32_t i = 0; i < space_.dimensions().size(); ++i) {
      const Dimension& dimension = space_.dimensions()[i];
      switch (dimension.kind) {
        case Dimension::Kind::kShape:
          point.values.push_back(static_cast<U128>(shape_of(drawn.packet, layout)));
          break;
        case Dimension::Kind::kAnswer:
          point.values.push_back(answer(i, dimension, drawn, layout, rules));
          break;
        case Dimension::Kind::kBits:
          point.values.push_back(value(dimension, drawn.packet, layout));
          break;
      }
    }
    return point;
  }

 private:
  U128 answer(uint32_t number, const Dimension& dimension, const DrawnPackets::Drawn& drawn,
              const net::Layout& layout, const ir::Ruleset& rules) const {
    if (dimension.question.starts_with("tcp option"))
      return bits(drawn.packet.bytes, layout.transport_offset * 8 + 96, 4).value_or(0) > 5 ? 1 : 0;
    for (const ir::Chain& chain : rules.tables.front().chains) {
      for (const ir::Rule& rule : chain.rules) {
        for (const ir::Match& match : rule.matches) {
          for (const ir::Condition& condition : match.predicate)
            if (space_.answer(condition) == number)
              return drawn.answers.at(*packets_.question(condition)) ? 1 : 0;
        }
      }
    }
    ADD_FAILURE() << dimension.question;
    return 0;
  }

  static U128 name(const std::string& interface) { return interface_value(interface); }

  static U128 value(const Dimension& dimension, const sim::Packet& packet,
                    const net::Layout& layout) {
    const auto part = [&](U128 whole, unsigned width) {
      return whole >> (width - dimension.first - dimension.width) & low_bits(dimension.width);
    };
    switch (dimension.base) {
      case ir::Base::kNetwork:
        return bits(packet.bytes, dimension.first, dimension.width).value_or(0);
      case ir::Base::kTransport:
        if (layout.fragment_offset != 0) return 0;
        return bits(packet.bytes, layout.transport_offset * size_t{8} + dimension.first,
                    dimension.width)
            .value_or(0);
      case ir::Base::kConntrack: return static_cast<U128>(packet.state);
      case ir::Base::kMeta:
        switch (static_cast<ir::Meta>(dimension.key)) {
          case ir::Meta::kInInterface: return part(name(packet.in_interface), 128);
          case ir::Meta::kOutInterface: return part(name(packet.out_interface), 128);
          case ir::Meta::kProtocol: return layout.protocol.value_or(0);
          case ir::Meta::kMark: return part(packet.mark, 32);
          case ir::Meta::kLength: return part(packet.bytes.size(), 32);
          default: break;
        }
        break;
      default: break;
    }
    ADD_FAILURE() << "a dimension that the drawer doesn't know";
    return 0;
  }

  const Space& space_;
  const DrawnPackets& packets_;
};

// The functions of a table, folded here rule by rule.
class Fold {
 public:
  Fold(Model& model, const ir::Table& table) : model_(model), table_(table) {}

  Node of(const ir::Chain& chain) {
    Node all = kGoesOn;
    for (const ir::Rule& rule : chain.rules) {
      const auto* jump = std::get_if<ir::Jump>(&rule.target.action);
      const Node callee =
          jump != nullptr ? model_.called(of(*table_.find(jump->chain)), jump->is_goto) : kGoesOn;
      all = model_.sequence(all, model_.function(rule, callee));
    }
    return all;
  }

 private:
  Model& model_;
  const ir::Table& table_;
};

struct Kind {
  bool ip6;
  const char* table;
};

class AgreesWithSim : public ::testing::TestWithParam<Kind> {
 protected:
  void one_ruleset(Random& random, size_t& pairs);
};

void AgreesWithSim::one_ruleset(Random& random, size_t& pairs) {
  static const ext::FixedNames names;
  RulesetDrawer drawer(random, {.ip6 = GetParam().ip6, .table = GetParam().table});
  const DrawnRuleset drawn = drawer.draw();
  ir::Ruleset rules{.family = drawn.ip6 ? net::Family::kIpv6 : net::Family::kIpv4, .tables = {}};
  ASSERT_TRUE(lang::restore(Source("drawn", drawn.text()), {.names = &names}, rules).ok());
  const ir::Table& table = rules.tables.front();
  const bool nat = std::string_view(GetParam().table) == "nat";
  const ir::Hook hook = nat                ? ir::Hook::kPrerouting
                        : random.one_in(2) ? ir::Hook::kInput
                                           : ir::Hook::kForward;
  const ir::Chain& builtin = *table.find(nat                        ? "PREROUTING"
                                         : hook == ir::Hook::kInput ? "INPUT"
                                                                    : "FORWARD");
  const ir::Action policy =
      builtin.policy == ir::Policy::kAccept ? ir::Action{ir::Accept{}} : ir::Action{ir::Drop{}};

  const bool named = random.one_in(2);
  Model model(rules.family, {&rules}, {}, {.named_unknowns = named});
  const Node whole = model.with_policy(Fold(model, table).of(builtin), policy);
  std::vector<const ir::Rule*> each;
  std::vector<Model::Held> held;
  for (const ir::Chain& chain : table.chains) {
    for (const ir::Rule& rule : chain.rules) {
      each.push_back(&rule);
      held.push_back(model.of(rule));
    }
  }
  ASSERT_FALSE(model.exhausted());

  const DrawnPackets packets(hook, {&rules});
  Points points(model.space(), packets);
  for (size_t i = 0; i < kPacketsOfOne; ++i) {
    const auto packet = packets.at(random.below(packets.size()));
    const Point point = points.of(packet, rules);
    const auto seen = packets.evaluate(rules, table.name, packet);
    const auto holds = [&](Node set) { return at(model, set, point) == kEverything; };

    // The whole table.
    ++pairs;
    const Node end = at(model, whole, point);
    const auto possible = model.outcomes().possible(end);
    if (named) {
      ASSERT_EQ(possible.size(), 1u) << drawn.text();
    }
    const ir::Action decided = seen.translated ? ir::Action{*seen.translated} : seen.decided_by;
    const auto agrees = [&](const Outcome& it) {
      if (!(model.outcomes().action(it.decision) == decided)) return false;
      U128 mark = packet.packet.mark;
      for (const Segment& segment : model.space().segments(ir::kPacketMark)) {
        for (const Write& write : model.outcomes().writes(it.effect)) {
          if (write.dimension != segment.dimension || !write.known()) continue;
          const auto& atom = model.space().dimensions()[write.dimension].atoms[write.atom];
          mark &= ~(low_bits(segment.width) << segment.shift);
          mark |= atom.first << segment.shift;
        }
      }
      return mark == seen.packet.mark;
    };
    ASSERT_TRUE(std::ranges::any_of(possible, agrees)) << drawn.text();

    // Rules that are asked of the packet as it came.
    for (const sim::Met& met : seen.trace) {
      if (met.rule == met.chain->rules.size()) continue;
      const ir::Rule& rule = met.chain->rules[met.rule];
      const auto number = static_cast<size_t>(std::ranges::find(each, &rule) - each.begin());
      ++pairs;
      if (held[number].sure) {
        ASSERT_EQ(holds(held[number].holds), met.matched == sim::Truth::kYes) << drawn.text();
      }
      if (held[number].drops_sure) {
        ASSERT_EQ(holds(held[number].drops), met.hotdrop) << drawn.text();
      }
      if (ir::changes_packet(rule.target.action)) break;
    }

    // Operations on two rules' sets.
    const Node a = held[random.below(held.size())].holds;
    const Node b = held[random.below(held.size())].holds;
    const bool in_a = holds(a);
    const bool in_b = holds(b);
    Arena& arena = model.arena();
    ASSERT_EQ(holds(arena.intersect(a, b)), in_a && in_b);
    ASSERT_EQ(holds(arena.unite(a, b)), in_a || in_b);
    ASSERT_EQ(holds(arena.subtract(a, b)), in_a && !in_b);
    ASSERT_EQ(holds(arena.complement(a)), !in_a);
    ASSERT_TRUE(!arena.covered(a, {b}) || !in_a || in_b);
    ASSERT_TRUE(!arena.disjoint(a, b) || !(in_a && in_b));
    if (in_a) {
      const auto dimension = static_cast<uint32_t>(random.below(arena.dimensions()));
      const uint32_t atom = model.space().atom_of(dimension, point.values[dimension]);
      ASSERT_TRUE(arena.project(a, dimension)[atom]);
    }
    pairs += 6;
  }
}

TEST_P(AgreesWithSim, OnEveryPair) {
  Random random(fmt::format("agrees {} {}", GetParam().table, GetParam().ip6));
  size_t pairs = 0;
  while (pairs < kPairs && !HasFailure()) one_ruleset(random, pairs);
  RecordProperty("pairs", static_cast<int>(pairs));
}

// Functions in a row, and beside each other.
TEST_P(AgreesWithSim, SequenceIsAssociativeAndJoinedCommutative) {
  static const ext::FixedNames names;
  Random random(fmt::format("sequence {} {}", GetParam().table, GetParam().ip6));
  RulesetDrawer drawer(random, {.ip6 = GetParam().ip6, .table = GetParam().table});
  for (int round = 0; round < 100; ++round) {
    const DrawnRuleset drawn = drawer.draw();
    ir::Ruleset rules{.family = drawn.ip6 ? net::Family::kIpv6 : net::Family::kIpv4, .tables = {}};
    ASSERT_TRUE(lang::restore(Source("drawn", drawn.text()), {.names = &names}, rules).ok());
    Model model(rules.family, {&rules}, {}, {.named_unknowns = random.one_in(2)});
    std::vector<Node> functions;
    Fold fold(model, rules.tables.front());
    for (const ir::Chain& chain : rules.tables.front().chains) {
      functions.push_back(model.called(fold.of(chain), false));
      for (const ir::Rule& rule : chain.rules)
        if (!std::holds_alternative<ir::Jump>(rule.target.action))
          functions.push_back(model.function(rule));
    }
    const Node a = random.pick(functions);
    const Node b = random.pick(functions);
    const Node c = random.pick(functions);
    ASSERT_EQ(model.sequence(model.sequence(a, b), c), model.sequence(a, model.sequence(b, c)))
        << drawn.text();
    ASSERT_EQ(model.sequence(kGoesOn, a), a);
    ASSERT_EQ(model.sequence(a, kGoesOn), a);
    ASSERT_EQ(model.joined(a, b), model.joined(b, a));
    ASSERT_EQ(model.joined(model.joined(a, b), c), model.joined(a, model.joined(b, c)));
    ASSERT_EQ(model.joined(a, a), a);
    ASSERT_EQ(model.differing(a, b), model.differing(b, a));
    ASSERT_EQ(model.differing(a, b) == kNothing, a == b);
    ASSERT_EQ(model.sequence_all({a, b, c}), model.sequence(a, model.sequence(b, c)));
  }
}

INSTANTIATE_TEST_SUITE_P(Drawn, AgreesWithSim,
                         ::testing::Values(Kind{false, "filter"}, Kind{true, "filter"},
                                           Kind{false, "mangle"}, Kind{false, "nat"}),
                         [](const auto& it) {
                           return std::string(it.param.table) + (it.param.ip6 ? "6" : "4");
                         });

}  // namespace
}  // namespace bulkhead::set
