// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/own_connection.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "ir/constraints.h"
#include "set/witness.h"

namespace bulkhead::policy {

namespace {

using ir::Conntrack;
using ir::ValueSet;
using set::Node;

struct Own {
  Conntrack of_connection;
  const ir::Field* of_packet;
};
constexpr Own kOwn[] = {{Conntrack::kProtocol, &ir::kProtocol},
                        {Conntrack::kOriginalSource, &ir::kSource},
                        {Conntrack::kOriginalDestination, &ir::kDestination},
                        {Conntrack::kReplySource, &ir::kDestination},
                        {Conntrack::kReplyDestination, &ir::kSource},
                        {Conntrack::kOriginalSourcePort, &ir::kSourcePort},
                        {Conntrack::kOriginalDestinationPort, &ir::kDestinationPort},
                        {Conntrack::kReplySourcePort, &ir::kDestinationPort},
                        {Conntrack::kReplyDestinationPort, &ir::kSourcePort}};

bool is_port(const ir::Field* field) {
  return field == &ir::kSourcePort || field == &ir::kDestinationPort;
}

// The one dimension that is all of it; none where its bits are told apart.
std::optional<uint32_t> dimension_of(const set::Space& space, Conntrack key, unsigned width) {
  std::optional<uint32_t> found;
  for (uint32_t i = 0; i < space.dimensions().size(); ++i) {
    const set::Dimension& it = space.dimensions()[i];
    if (it.kind != set::Dimension::Kind::kBits || it.base != ir::Base::kConntrack ||
        it.key != static_cast<uint16_t>(key))
      continue;
    if (found || it.width != width) return std::nullopt;
    found = i;
  }
  return found;
}

}  // namespace

std::vector<ir::Constraint> asked_of_connections(const ir::Ruleset& rules) {
  std::vector<ir::Constraint> asked;
  const auto add = [&](const ir::Constraint& constraint) {
    const ir::Location& location = constraint.field->location(rules.family);
    if (location.base != ir::Base::kConntrack) return;
    const auto* own =
        std::ranges::find(kOwn, static_cast<Conntrack>(location.offset), &Own::of_connection);
    if (own == std::end(kOwn)) return;
    asked.push_back({own->of_packet, constraint.mask, constraint.values});
    if (!is_port(own->of_packet)) return;
    constexpr U128 kAll = 0xff;
    asked.push_back({&ir::kProtocol, kAll, ir::protocols_with_ports()});
  };
  ir::for_each_constraint(rules, add);
  return asked;
}

Node not_its_own(set::Model& model) {
  set::Arena& arena = model.arena();
  const set::Space& space = model.space();
  const auto state = [&](const ValueSet& values) {
    return model.of({&ir::kCtState, UINT32_MAX, values});
  };
  const ValueSet begins = ValueSet::of(static_cast<U128>(ir::CtState::kNew));
  const ValueSet known = begins.united(ValueSet::of(static_cast<U128>(ir::CtState::kEstablished)));
  Node none = set::kNothing;
  for (const Own& own : kOwn) {
    const unsigned width = own.of_packet->location(space.family()).width;
    const auto dimension = dimension_of(space, own.of_connection, width);
    if (!dimension || space.segments(*own.of_packet).empty()) continue;
    const std::vector<ir::Interval> atoms = space.dimensions()[*dimension].atoms;
    std::vector<Node> differing;
    for (size_t i = 0; i < atoms.size(); ++i) {
      std::vector<bool> only(atoms.size(), false);
      only[i] = true;
      const ValueSet others = ValueSet{atoms[i]}.complement(width);
      differing.push_back(arena.intersect(model.of_atoms(*dimension, only),
                                          model.of({own.of_packet, low_bits(width), others})));
    }
    Node here = arena.unite_all(std::move(differing));
    if (is_port(own.of_packet)) {
      constexpr U128 kAll = 0xff;
      here = arena.intersect(here, model.of({&ir::kProtocol, kAll, ir::protocols_with_ports()}));
    }
    if (own.of_connection == Conntrack::kProtocol) {
      here = arena.intersect(here, state(known));
    } else {
      const Node lo =
          model.of({&ir::kInInterface, kU128Max, ValueSet::of(set::interface_value("lo"))});
      here = arena.subtract(arena.intersect(here, state(begins)), lo);
    }
    none = arena.unite(none, here);
  }
  return none;
}

}  // namespace bulkhead::policy
