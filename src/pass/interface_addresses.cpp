// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/interface_addresses.h"

#include <algorithm>
#include <utility>

#include "pass/call_graph.h"
#include "set/witness.h"

namespace bulkhead::pass {

namespace {

constexpr unsigned kNameBits = 128;

ir::ValueSet all_of(unsigned width) { return ir::ValueSet::range(0, low_bits(width)); }

bool meet(const ir::ValueSet& a, const ir::ValueSet& b) { return !a.intersected(b).empty(); }

// The chain and all that it leads to.
std::vector<bool> chains_below(const ir::Table& table, const ir::Chain& chain) {
  const CallGraph graph(table);
  std::vector<bool> below(table.chains.size(), false);
  std::vector<size_t> open{static_cast<size_t>(&chain - table.chains.data())};
  while (!open.empty()) {
    const size_t from = open.back();
    open.pop_back();
    if (below[from]) continue;
    below[from] = true;
    for (const Call& call : graph.calls())
      if (call.from == from) open.push_back(call.to);
  }
  return below;
}

// The interfaces that a condition names, be it negated or not: a name, or all that begin alike.
void add_named(const ir::Condition& condition, std::vector<ir::Interval>& named) {
  const auto* constraint = std::get_if<ir::Constraint>(&condition);
  if (constraint == nullptr || constraint->field != &ir::kInInterface) return;
  const bool negated = constraint->values.intervals().size() != 1;
  const ir::ValueSet values =
      negated ? constraint->values.complement(kNameBits) : constraint->values;
  named.insert(named.end(), values.intervals().begin(), values.intervals().end());
}

}  // namespace

ir::Constraint InterfaceAddresses::comes_in(net::Family) const {
  return {&ir::kInInterface, kU128Max, ir::ValueSet::of(set::interface_value(name))};
}

ir::Constraint InterfaceAddresses::from_behind(net::Family family) const {
  return {&ir::kSource, low_bits(net::address_bits(family)), addresses};
}

std::vector<ir::Constraint> asked_of(const Interfaces& interfaces, net::Family family) {
  std::vector<ir::Constraint> asked;
  for (const InterfaceAddresses& interface : interfaces) {
    asked.push_back(interface.comes_in(family));
    asked.push_back(interface.from_behind(family));
  }
  return asked;
}

ir::ValueSet unlisted(const ir::Table& table, const ir::Chain& chain,
                      const Interfaces& interfaces) {
  std::vector<ir::Interval> named;
  const std::vector<bool> below = chains_below(table, chain);
  for (size_t i = 0; i < below.size(); ++i) {
    if (!below[i]) continue;
    for (const ir::Rule& rule : table.chains[i].rules) {
      for (const ir::Condition& condition : rule.head.predicate) add_named(condition, named);
    }
  }
  std::erase_if(named, [&](const ir::Interval& names) {
    return std::ranges::any_of(interfaces, [&](const InterfaceAddresses& interface) {
      const U128 name = set::interface_value(interface.name);
      return names.first <= name && name <= names.last;
    });
  });
  return ir::ValueSet(std::move(named));
}

Arrivals::Arrivals(const Interfaces& interfaces, ir::ValueSet unlisted, net::Family family)
    : interfaces_(interfaces), unlisted_(std::move(unlisted)), width_(net::address_bits(family)) {
  if (interfaces.empty()) unlisted_ = all_of(kNameBits);
  ir::ValueSet behind;
  for (const InterfaceAddresses& interface : interfaces) {
    listed_ = listed_.united(ir::ValueSet::of(set::interface_value(interface.name)));
    behind = behind.united(interface.addresses);
  }
  elsewhere_ = behind.complement(width_);
}

ir::ValueSet Arrivals::may_come_in(const ir::ValueSet& names) const {
  if (meet(names, unlisted_)) return all_of(width_);
  ir::ValueSet sources;
  for (const InterfaceAddresses& interface : interfaces_) {
    if (names.contains(set::interface_value(interface.name)))
      sources = sources.united(interface.addresses);
  }
  const ir::ValueSet others = listed_.united(unlisted_).complement(kNameBits);
  return meet(names, others) ? sources.united(elsewhere_) : sources;
}

ir::ValueSet Arrivals::surely_come_in(const ir::ValueSet& names) const {
  return may_come_in(names.complement(kNameBits)).complement(width_);
}

}  // namespace bulkhead::pass
