// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/possible.h"

#include <utility>

#include "net/packet.h"
#include "net/packet_build.h"
#include "set/model.h"

namespace bulkhead::set {

namespace {

// Protocols and the shortest header of each, in bytes.
constexpr std::pair<uint8_t, uint32_t> kHeaders[] = {
    {net::kTcp, 20}, {net::kUdp, 8}, {net::kIcmp, 8}, {net::kIcmp6, 8}};
// A cut off header of IPv4 follows at most 60 bytes, and is shorter than TCP's.
constexpr uint32_t kMostBeforeCut = 60 + 19;

constexpr uint32_t kMost = 65535;  // but for what a host's own offloading puts together

uint32_t ip_header(net::Family family) {
  return family == net::Family::kIpv6 ? net::kIpv6Header : net::kIpv4Header;
}

ir::Constraint shorter_than(uint32_t length) {
  return {&ir::kLength, UINT32_MAX, ir::ValueSet::range(0, length - 1)};
}

ir::Constraint longer_than(uint32_t length) {
  return {&ir::kLength, UINT32_MAX, ir::ValueSet::range(length + 1, UINT32_MAX)};
}

ir::Constraint of_protocol(uint8_t protocol) {
  return {&ir::kProtocol, 0xff, ir::ValueSet::of(protocol)};
}

Node impossible_lengths(Model& model) {
  if (model.space().segments(ir::kLength).empty()) return kNothing;
  Arena& arena = model.arena();
  const net::Family family = model.space().family();
  const Node whole = model.of_shapes({Shape::kWhole});
  std::vector<Node> none = {model.of(shorter_than(ip_header(family))),
                            model.of(longer_than(kMost))};
  for (const auto& [protocol, size] : kHeaders) {
    const Node those = arena.intersect(whole, model.of(of_protocol(protocol)));
    none.push_back(arena.intersect(those, model.of(shorter_than(ip_header(family) + size))));
  }
  if (family == net::Family::kIpv4) {  // extension headers of IPv6 may have any length
    const Node cut = model.of_shapes({Shape::kPortsOnly, Shape::kCutOff});
    none.push_back(arena.intersect(cut, model.of(longer_than(kMostBeforeCut))));
  }
  return arena.unite_all(std::move(none));
}

}  // namespace

std::vector<ir::Constraint> asked_with_lengths(net::Family family) {
  std::vector<ir::Constraint> asked = {shorter_than(ip_header(family)), longer_than(kMostBeforeCut),
                                       longer_than(kMost)};
  for (const auto& [protocol, size] : kHeaders) {
    asked.push_back(of_protocol(protocol));
    asked.push_back(shorter_than(ip_header(family) + size));
  }
  return asked;
}

Node impossible(Model& model) {
  Node none = impossible_lengths(model);
  if (model.space().family() != net::Family::kIpv6) return none;
  // Behind a later fragment's nobody looks. At an AH nf_tables stops (net/packet.h).
  const ir::ValueSet headers({{0, 0}, {43, 44}, {60, 60}});
  const Node here = model.of_shapes({Shape::kWhole, Shape::kPortsOnly, Shape::kCutOff});
  Arena& arena = model.arena();
  return arena.unite(none, arena.intersect(here, model.of({&ir::kProtocol, 0xff, headers})));
}

}  // namespace bulkhead::set
