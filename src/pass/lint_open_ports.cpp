// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "net/packet_build.h"
#include "pass/lint.h"
#include "set/witness.h"

namespace bulkhead::pass {

namespace {

using set::kNothing;
using set::Node;

// Remote administration, file sharing, databases, container and cluster control.
constexpr uint16_t kAdministrative[] = {22,   23,   111,  135,  137,   138,   139,  445,
                                        512,  513,  514,  873,  2049,  2375,  2376, 2379,
                                        3306, 3389, 5432, 5900, 5901,  5902,  5903, 5985,
                                        5986, 6379, 6443, 9200, 10250, 11211, 27017};

const ir::ValueSet& administrative_ports() {
  static const ir::ValueSet ports = [] {
    std::vector<ir::Interval> all;
    for (const uint16_t port : kAdministrative) all.push_back({port, port});
    return ir::ValueSet(std::move(all));
  }();
  return ports;
}

const ir::Constraint& to_administrative() {
  static const ir::Constraint it{&ir::kDestinationPort, 0xffff, administrative_ports()};
  return it;
}

const ir::Constraint& from_outside() {
  static const ir::Constraint it{
      &ir::kInInterface, kU128Max,
      ir::ValueSet({{0, 0}, {set::interface_value("lo"), set::interface_value("lo")}})
          .complement(128)};
  return it;
}

const ir::Constraint& not_syn() {
  static const ir::Constraint it{&set::kTcpFlags, set::kTellingFlags,
                                 ir::ValueSet::of(net::kSyn).complement(8)};
  return it;
}

// Whether it is nearly all addresses: more than half of them.
bool nearly_all(const set::Space& space, uint32_t dimension, const std::vector<bool>& atoms) {
  const set::Dimension& it = space.dimensions()[dimension];
  U128 there = 0;
  for (size_t i = 0; i < atoms.size(); ++i)
    if (atoms[i]) there += (it.atoms[i].last - it.atoms[i].first) / 2;
  return there >= low_bits(it.width) / 4;
}

bool from_any(set::Model& model, Node packets) {
  for (const set::Segment& segment : model.space().segments(ir::kSource)) {
    const auto atoms = model.arena().project(packets, segment.dimension);
    if (!nearly_all(model.space(), segment.dimension, atoms)) return false;
  }
  return packets != kNothing;
}

std::string list(const std::vector<std::string>& ports) {
  constexpr size_t kMost = 8;
  if (ports.size() <= kMost) return fmt::format("{}", fmt::join(ports, ", "));
  return fmt::format("{} and {} more", fmt::join(ports.begin(), ports.begin() + kMost - 1, ", "),
                     ports.size() - kMost + 1);
}

}  // namespace

std::vector<ir::Constraint> open_port_constraints() {
  std::vector<ir::Constraint> all{to_administrative(),
                                  from_outside(),
                                  not_syn(),
                                  {&ir::kProtocol, 0xff, ir::ValueSet({{6, 6}, {17, 17}})}};
  // Each port by itself: neighbours are one interval.
  for (const uint16_t port : kAdministrative)
    all.push_back({&ir::kDestinationPort, 0xffff, ir::ValueSet::of(port)});
  return all;
}

void lint_open_ports(set::Model& model, const ir::Table& table, Reach& reach,
                     std::vector<Lint>& found) {
  if (table.name != "filter") return;
  set::Arena& arena = model.arena();
  const ir::Constraint state{&ir::kCtState, UINT32_MAX,
                             ir::ValueSet::of(static_cast<U128>(ir::CtState::kNew))};
  Node asked = arena.unite(model.at_hook(ir::Hook::kInput), model.at_hook(ir::Hook::kForward));
  for (const ir::Constraint& each :
       {to_administrative(), from_outside(),
        ir::Constraint{&ir::kProtocol, 0xff, ir::ValueSet({{6, 6}, {17, 17}})}})
    asked = arena.intersect(asked, model.of(each));
  asked = arena.intersect(asked, model.of(state));
  asked = arena.intersect(asked, model.of_shapes({set::Shape::kWhole}));
  // A connection of TCP begins with a SYN.
  asked = arena.subtract(
      asked, arena.intersect(model.of({&ir::kProtocol, 0xff, ir::ValueSet::of(net::kTcp)}),
                             model.of(not_syn())));
  for (size_t i = 0; i < table.chains.size(); ++i) {
    const ir::Chain& chain = table.chains[i];
    for (size_t k = 0; reach.reachable(i) && k < chain.rules.size() && !model.exhausted(); ++k) {
      if (!std::holds_alternative<ir::Accept>(chain.rules[k].target.action)) continue;
      if (!from_any(model, arena.intersect(model.of(chain.rules[k]).holds, asked))) continue;
      const Node coming = reach.coming(i, k, asked);
      if (!from_any(model, coming)) continue;
      std::vector<std::string> ports;
      for (const uint16_t port : kAdministrative) {
        const ir::Constraint to_port{&ir::kDestinationPort, 0xffff, ir::ValueSet::of(port)};
        if (from_any(model, arena.intersect(coming, model.of(to_port))))
          ports.push_back(fmt::format("{}", port));
      }
      if (ports.empty()) continue;
      found.push_back(
          {.kind = LintKind::kOpenPort,
           .place = {table.name, chain.name, k},
           .words = fmt::format(
               "this opens {} to any address: {}",
               ports.size() == 1 ? "an administrative port" : "administrative ports", list(ports)),
           .others = {}});
    }
  }
}

}  // namespace bulkhead::pass
