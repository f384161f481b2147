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

// Writes of a loopback address to the destination. What a translation sends there from outside the
// kernel drops, as it drops what comes so (ip-sysctl.rst, route_localnet). Of IPv6 that isn't
// known.
std::set<set::Write> loopback_writes(const set::Model& model) {
  std::set<set::Write> found;
  const auto addresses = set::classes(model.space(), ir::kDestination);
  if (model.space().family() != net::Family::kIpv4 || !addresses) return found;
  const ValueSet loopback = values_of(loopback_network(net::Family::kIpv4));
  for (uint32_t i = 0; i < addresses->size(); ++i) {
    if (!loopback.contains((*addresses)[i].first)) continue;
    for (const set::Segment& segment : model.space().segments(ir::kDestination))
      found.insert({segment.dimension, i});
  }
  return found;
}

// What an outcome writes to the destination port; none where the packet doesn't arrive.
std::optional<Writes> arrives_with(const set::Model& model, const set::Outcomes& outcomes,
                                   const set::Outcome& outcome,
                                   const std::set<set::Write>& nowhere) {
  static constexpr const ir::Field* kPort[] = {&ir::kDestinationPort};
  if (!set::may_pass(outcome, outcomes)) return {};
  if (std::ranges::any_of(outcomes.writes(outcome.effect),
                          [&](const set::Write& it) { return nowhere.contains(it); }))
    return {};
  return writes_to(model, outcomes, outcome, kPort);
}

// All that arriving packets may have been given for a destination port, "nothing" among it.
std::set<Writes> port_writes(set::Model& model, Node way, const std::set<set::Write>& nowhere) {
  std::set<Writes> found;
  model.where(way, [&](std::span<const set::Outcome> possible) {
    for (const set::Outcome& it : possible) {
      if (auto writes = arrives_with(model, model.outcomes(), it, nowhere))
        found.insert(*std::move(writes));
    }
    return false;
  });
  return found;
}

Node arriving_with(set::Model& model, Node way, const Writes& wanted,
                   const std::set<set::Write>& nowhere) {
  return model.where(way, [&](std::span<const set::Outcome> possible) {
    return std::ranges::any_of(possible, [&](const set::Outcome& it) {
      return arrives_with(model, model.outcomes(), it, nowhere) == wanted;
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

const std::vector<Packets::Arrival>& Packets::arrivals(Direction direction) {
  auto& known = arrivals_[static_cast<size_t>(direction)];
  if (known) return *known;
  known.emplace();
  const auto nowhere =
      routes_loopback(family(), host_) ? std::set<set::Write>{} : loopback_writes(model_);
  for (const Writes& writes : port_writes(model_, way(direction), nowhere)) {
    known->push_back({writes.empty(), written_port(model_, writes),
                      arriving_with(model_, way(direction), writes, nowhere)});
  }
  return *known;
}

Node Packets::reaching(Direction direction, Node care, uint8_t protocol, const ValueSet& ports) {
  care = all({care, of(ir::kProtocol, ValueSet::of(protocol))});
  const Node to_ports = of(ir::kDestinationPort, ports);
  Node result = set::kNothing;
  for (const Arrival& arrival : arrivals(direction)) {
    if (!arrival.as_sent && arrival.port && !ports.contains(arrival.port->first)) continue;
    const Node wanted = arrival.as_sent ? all({care, to_ports}) : care;
    result = arena().unite(result, all({wanted, arrival.packets}));
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
    const size_t i = Openings::index(protocol);
    const auto open = [&](const ir::Interval& port, Node from, Node from_clients) {
      if (from == set::kNothing) return;
      const ValueSet ports{port};
      found.some[i] = found.some[i].united(ports);
      if (from_any(from_clients)) found.any[i] = found.any[i].united(ports);
    };
    // A server's port alone (67 of DHCP) is no client's.
    const Node clients = of(ir::kSourcePort, ValueSet::range(32768, 60999));
    const Node stopped = all({care, usual(), may_stop(Direction::kInput)});
    for (const Arrival& arrival : arrivals(Direction::kInput)) {
      const Node some = set::projected(model_, all({care, arrival.packets}), kFields);
      const Node any = set::projected(model_, all({care, arrival.packets, clients}), kFields);
      if (!arrival.as_sent) {
        if (arrival.port) open(*arrival.port, some, any);
        continue;
      }
      for (const ir::Interval& port : *classes) {
        const Node here = of(ir::kDestinationPort, ValueSet{port});
        open(port, all({some, here}), all({any, here}));
        if (!from_any(all({stopped, here}))) found.plain[i] = found.plain[i].united(ValueSet{port});
      }
    }
  }
  return found;
}

}  // namespace bulkhead::app::audit
