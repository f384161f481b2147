// SPDX-License-Identifier: GPL-2.0-or-later
// Which ports packets get to, when every translation is done.
#include <algorithm>
#include <set>

#include "app/audit/packets.h"

namespace bulkhead::app::audit {

namespace {

using ir::ValueSet;
using net::Direction;
using set::Node;

using Writes = std::vector<set::Write>;

// What an outcome writes to the fields.
Writes writes_to(const set::Model& model, const set::Outcomes& outcomes,
                 const set::Outcome& outcome, std::span<const ir::Field* const> fields) {
  Writes found;
  for (const set::Write& write : outcomes.writes(outcome.effect)) {
    for (const ir::Field* field : fields) {
      for (const set::Segment& segment : model.space().segments(*field))
        if (segment.dimension == write.dimension) found.push_back(write);
    }
  }
  return found;
}

// All that passing packets may have been given for a destination port, "nothing" among it.
std::set<Writes> port_writes(set::Model& model, Node way) {
  static constexpr const ir::Field* kPort[] = {&ir::kDestinationPort};
  std::set<Writes> found;
  model.where(way, [&](std::span<const set::Outcome> possible) {
    for (const set::Outcome& it : possible) {
      if (set::may_pass(it, model.outcomes()))
        found.insert(writes_to(model, model.outcomes(), it, kPort));
    }
    return false;
  });
  return found;
}

Node passing_with(set::Model& model, Node way, const Writes& wanted) {
  static constexpr const ir::Field* kPort[] = {&ir::kDestinationPort};
  return model.where(way, [&](std::span<const set::Outcome> possible) {
    return std::ranges::any_of(possible, [&](const set::Outcome& it) {
      return set::may_pass(it, model.outcomes()) &&
             writes_to(model, model.outcomes(), it, kPort) == wanted;
    });
  });
}

// The value that was written; none if it isn't one that is known.
std::optional<ir::Interval> written_port(const set::Model& model, const Writes& writes) {
  const auto ports = set::classes(model.space(), ir::kDestinationPort);
  if (!ports || writes.size() != 1 || writes.front().atom == set::Write::kUnknown) return {};
  return (*ports)[writes.front().atom];
}

}  // namespace

Node Packets::reaching(Direction direction, Node care, uint8_t protocol, const ValueSet& ports) {
  care = all({care, of(ir::kProtocol, ValueSet::of(protocol))});
  Node result = set::kNothing;
  for (const Writes& writes : port_writes(model_, way(direction))) {
    Node passing = all({care, passing_with(model_, way(direction), writes)});
    if (writes.empty()) {
      passing = all({passing, of(ir::kDestinationPort, ports)});
    } else if (const auto port = written_port(model_, writes)) {
      if (!ports.contains(port->first)) continue;
    }
    result = arena().unite(result, passing);
  }
  return result;
}

Node Packets::redirected(Direction direction) {
  static constexpr const ir::Field* kFields[] = {&ir::kDestination, &ir::kDestinationPort};
  return model_.where(way(direction), [&](std::span<const set::Outcome> possible) {
    return std::ranges::any_of(possible, [&](const set::Outcome& it) {
      return set::may_pass(it, model_.outcomes()) &&
             !writes_to(model_, model_.outcomes(), it, kFields).empty();
    });
  });
}

const std::optional<Openings>& Packets::openings() {
  if (!openings_) openings_ = find_openings();
  return *openings_;
}

std::optional<Openings> Packets::find_openings() {
  static constexpr const ir::Field* kFields[] = {&ir::kSource, &ir::kDestinationPort};
  const auto classes = set::classes(model_.space(), ir::kDestinationPort);
  if (!classes) return {};
  Openings found;
  for (const uint8_t protocol : kPortProtocols) {
    const Node care = all({newcomers(), of(ir::kProtocol, ValueSet::of(protocol))});
    const auto open = [&](const ir::Interval& port, Node from) {
      if (from == set::kNothing) return;
      const ValueSet ports{port};
      ValueSet& some = found.some[Openings::index(protocol)];
      some = some.united(ports);
      ValueSet& any = found.any[Openings::index(protocol)];
      if (from_any(from)) any = any.united(ports);
    };
    for (const Writes& writes : port_writes(model_, way(Direction::kInput))) {
      const Node passing = set::projected(
          model_, all({care, passing_with(model_, way(Direction::kInput), writes)}), kFields);
      if (!writes.empty()) {
        if (const auto port = written_port(model_, writes)) open(*port, passing);
        continue;
      }
      for (const ir::Interval& port : *classes)
        open(port, all({passing, of(ir::kDestinationPort, ValueSet{port})}));
    }
  }
  return found;
}

}  // namespace bulkhead::app::audit
