// SPDX-License-Identifier: GPL-2.0-or-later
// Connection tracking looks a packet up by its addresses and ports within a zone (resolve_normal_ct
// of the kernel's nf_conntrack_core.c). So an answer is found if its first packet was tracked, and
// the zone that raw gives the answer is the one that it has given the first packet for answers.
#include "app/lost_connections.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "ir/constraints.h"

namespace bulkhead::app {

namespace {

using set::Node;

// The zones in which a packet's connection is looked for, by the direction.
struct Zones {
  static constexpr int kUntracked = -1;
  static constexpr int kAny = -2;  // which one isn't known
  int original = 0;
  int reply = 0;
  friend auto operator<=>(const Zones&, const Zones&) = default;
};

bool surely_same(int a, int b) { return a >= 0 && a == b; }
bool may_be_same(int a, int b) { return surely_same(a, b) || a == Zones::kAny || b == Zones::kAny; }

// Both would have the first packet's tuple in one zone (__nf_conntrack_confirm).
bool may_clash(const Zones& first, const Zones& answer) {
  return may_be_same(first.original, answer.original) && may_be_same(first.original, answer.reply);
}

std::optional<ir::Zone> zone_of(const ir::Action& action) {
  if (const auto* zone = std::get_if<ir::Zone>(&action)) return *zone;
  if (const auto* made = std::get_if<ir::ConnectionTemplate>(&action)) return made->zone;
  return std::nullopt;
}

int number_in(const ir::Zone& zone, ir::Zone::Direction direction) {
  if (zone.direction != ir::Zone::Direction::kBoth && zone.direction != direction) return 0;
  return zone.of_mark ? Zones::kAny : zone.number;
}

// At most one rule has said it (Model::function).
Zones zones_of(set::Model& model, const set::Outcome& outcome) {
  const uint32_t state = model.space().segments(ir::kCtState).front().dimension;
  const uint32_t none = model.space().atom_of(state, static_cast<U128>(ir::CtState::kUntracked));
  const auto writes = model.outcomes().writes(outcome.effect);
  const bool untracked = std::ranges::any_of(writes, [&](const set::Write& write) {
    return write.dimension == state && write.atom == none;
  });
  if (untracked) return {Zones::kUntracked, Zones::kUntracked};
  for (const ir::Action& action : model.tags(outcome.effect)) {
    if (const auto zone = zone_of(action))
      return {number_in(*zone, ir::Zone::Direction::kOriginal),
              number_in(*zone, ir::Zone::Direction::kReply)};
  }
  return {};
}

using ByZones = std::map<Zones, Node>;

ByZones by_zones(set::Model& model, Node raw, Node packets) {
  ByZones result;
  const Node here = model.guarded(packets, raw);
  const auto passes = [&](const set::Outcome& outcome) {
    return set::may_pass(outcome, model.outcomes());
  };
  for (const Node end : model.arena().ends(here)) {
    const auto possible = model.outcomes().possible(end);
    for (const set::Outcome& outcome : std::vector(possible.begin(), possible.end()))
      if (passes(outcome)) result.emplace(zones_of(model, outcome), set::kNothing);
  }
  for (auto& group : result) {
    const Zones& zones = group.first;
    group.second = model.where(here, [&](std::span<const set::Outcome> possible) {
      return std::ranges::any_of(possible, [&](const set::Outcome& outcome) {
        return passes(outcome) && zones_of(model, outcome) == zones;
      });
    });
  }
  return result;
}

constexpr std::pair<const ir::Field*, const ir::Field*> kSides[] = {
    {&ir::kSource, &ir::kDestination},         {&ir::kDestination, &ir::kSource},
    {&ir::kSourcePort, &ir::kDestinationPort}, {&ir::kDestinationPort, &ir::kSourcePort},
    {&ir::kInInterface, &ir::kOutInterface},   {&ir::kOutInterface, &ir::kInInterface},
    {&ir::kProtocol, &ir::kProtocol}};

const ir::Field* other_side(const ir::Field* field) {
  const auto* found =
      std::ranges::find(kSides, field, &std::pair<const ir::Field*, const ir::Field*>::first);
  return found == std::end(kSides) ? nullptr : found->second;
}

// What an answer has of its first packet: which field the dimension is a part of, and how far above
// the field's last bit.
struct FieldPart {
  const ir::Field* field = nullptr;
  unsigned shift = 0;
};

std::optional<FieldPart> part_of(const set::Dimension& dimension, net::Family family) {
  if (dimension.kind != set::Dimension::Kind::kBits) return std::nullopt;
  for (const auto& [field, other] : kSides) {
    const ir::Location& location = field->location(family);
    if (location.base != dimension.base) continue;
    const bool meta = location.base == ir::Base::kMeta;
    if (meta && location.offset != dimension.key) continue;
    const unsigned first = meta ? 0 : location.offset;
    const unsigned behind = first + location.width;
    if (dimension.first < first || dimension.first + dimension.width > behind) continue;
    return FieldPart{field, behind - dimension.first - dimension.width};
  }
  return std::nullopt;
}

bool holds_port(const ir::Field* field) {
  return field == &ir::kSourcePort || field == &ir::kDestinationPort;
}

constexpr U128 kAllProtocols = 0xff;

// The packets that agree with one of the set in what an answer has of its first packet. What isn't
// of a protocol with ports has none.
Node connections_of(set::Model& model, Node set) {
  set::Arena& arena = model.arena();
  const Node have_ports = model.of({&ir::kProtocol, kAllProtocols, ir::protocols_with_ports()});
  const auto kept = [&](Node node, bool ports) {
    const auto& dimensions = model.space().dimensions();
    for (auto i = static_cast<uint32_t>(dimensions.size()); i-- > 0;) {
      const auto part = part_of(dimensions[i], model.space().family());
      if (!part || (!ports && holds_port(part->field))) node = arena.some(node, i);
    }
    return node;
  };
  return arena.unite(kept(arena.intersect(set, have_ports), true),
                     kept(arena.subtract(set, have_ports), false));
}

// The other direction of the connections; none where the rules tell its sides apart in a way that
// the model wasn't asked for.
std::optional<Node> turned(set::Model& model, Node connections) {
  set::Arena& arena = model.arena();
  bool exact = true;
  std::unordered_map<Node, Node> known;
  const auto walk = [&](const auto& self, Node node) -> Node {
    if (set::is_terminal(node)) return node;
    if (const auto done = known.find(node); done != known.end()) return done->second;
    const set::Dimension dimension = model.space().dimensions()[arena.dimension(node)];
    const std::vector<set::Edge> edges(arena.edges(node).begin(), arena.edges(node).end());
    const auto part = part_of(dimension, model.space().family());
    std::vector<Node> places, parts;
    uint32_t first = 0;
    for (const set::Edge& edge : edges) {
      const ir::Interval values{dimension.atoms[first].first << part->shift,
                                dimension.atoms[edge.last].last << part->shift};
      const U128 mask = low_bits(dimension.width) << part->shift;
      places.push_back(model.of({other_side(part->field), mask, ir::ValueSet{values}}));
      parts.push_back(arena.intersect(places.back(), self(self, edge.child)));
      first = edge.last + 1;
    }
    // Ports can only be read in a header that is there.
    Node there = arena.unite_all(std::move(places));
    if (holds_port(part->field)) {
      there = arena.unite(
          there, arena.complement(model.of_shapes({set::Shape::kWhole, set::Shape::kPortsOnly})));
    }
    exact &= there == set::kEverything;
    return known[node] = arena.unite_all(std::move(parts));
  };
  const Node result = walk(walk, connections);
  if (!exact) return std::nullopt;
  return result;
}

Node raw_of(pass::HostFunctions& functions, net::Direction direction) {
  return functions.at(
      "raw", direction == net::Direction::kOutput ? ir::Hook::kOutput : ir::Hook::kPrerouting);
}

}  // namespace

bool may_lose_connections(const ir::Ruleset& rules) {
  const ir::Table* raw = rules.find("raw");
  if (raw == nullptr) return false;
  return std::ranges::any_of(raw->chains, [](const ir::Chain& chain) {
    return std::ranges::any_of(chain.rules, [](const ir::Rule& rule) {
      return std::holds_alternative<ir::Untrack>(rule.target.action) ||
             zone_of(rule.target.action).has_value();
    });
  });
}

std::vector<ir::Constraint> asked_of_answers(const ir::Ruleset& rules,
                                             const std::vector<ir::Constraint>& more) {
  std::vector<ir::Constraint> asked{{&ir::kProtocol, kAllProtocols, ir::protocols_with_ports()}};
  const auto add = [&](const ir::Constraint& constraint) {
    if (const ir::Field* other = other_side(constraint.field))
      asked.push_back({other, constraint.mask, constraint.values});
  };
  for (const ir::Constraint& each : more) add(each);
  ir::for_each_constraint(rules, add);
  return asked;
}

LostPackets lost_packets(set::Model& model, pass::HostFunctions& functions,
                         const policy::Step& first, const policy::Step& answer,
                         const policy::Step& following) {
  set::Arena& arena = model.arena();
  const auto grouped = [&](const policy::Packets& packets) {
    return by_zones(model, raw_of(functions, packets.direction), policy::node_of(model, packets));
  };
  const ByZones firsts = grouped(first.packets);
  const ByZones answers = grouped(*answer.lost);
  const ByZones later = grouped(*following.lost);

  LostPackets lost;
  Node found = set::kNothing, without = set::kNothing;
  for (const auto& [zones, packets] : answers) {
    if (zones.reply == Zones::kUntracked) without = arena.unite(without, packets);
  }
  for (const auto& [began, packets] : firsts) {
    const Node connections = connections_of(model, packets);
    const auto back = turned(model, connections);
    for (const auto& [zones, set] : answers) {
      if (zones.reply == Zones::kUntracked) continue;
      const Node both = arena.intersect(back.value_or(set::kEverything), set);
      if (!surely_same(began.reply, zones.reply)) {
        lost.answers = arena.unite(lost.answers, both);
        if (may_clash(began, zones)) lost.clashing = arena.unite(lost.clashing, both);
      }
      if (may_be_same(began.reply, zones.reply)) found = arena.unite(found, both);
    }
    for (const auto& [zones, set] : later) {
      if (!surely_same(began.original, zones.original) && zones.original != Zones::kUntracked)
        lost.following = arena.unite(lost.following, arena.intersect(connections, set));
    }
  }
  const auto begins = ir::ValueSet::of(static_cast<U128>(ir::CtState::kNew));
  lost.clashing = arena.intersect(lost.clashing, model.of({&ir::kCtState, UINT32_MAX, begins}));
  lost.surely_answers = arena.subtract(lost.answers, found);
  // A connection that connection tracking has seen no answer to isn't established.
  const Node unseen =
      turned(model, connections_of(model, arena.unite(lost.answers, without)))
          .value_or(lost.answers == set::kNothing && without == set::kNothing ? set::kNothing
                                                                              : set::kEverything);
  for (const auto& [zones, set] : later) {
    if (zones.original != Zones::kUntracked)
      lost.following = arena.unite(lost.following, arena.intersect(unseen, set));
  }
  return lost;
}

}  // namespace bulkhead::app
