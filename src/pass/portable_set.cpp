// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/portable_set.h"

#include <cassert>
#include <unordered_map>

namespace bulkhead::pass {

namespace {

// A field of both families that the dimension is a part of, and how far above its last bit.
struct Shared {
  const ir::Field* field = nullptr;
  unsigned shift = 0;
};

std::optional<Shared> shared(const set::Dimension& dimension, net::Family family) {
  if (dimension.kind != set::Dimension::Kind::kBits) return std::nullopt;
  for (const ir::Field* field : {&ir::kProtocol, &ir::kSourcePort, &ir::kDestinationPort,
                                 &ir::kCtState, &ir::kInInterface, &ir::kOutInterface}) {
    const ir::Location& location = field->location(family);
    if (location.base != dimension.base) continue;
    const bool header = location.base == ir::Base::kTransport;
    if (!header && location.offset != dimension.key) continue;
    const unsigned first = header ? location.offset : 0;
    const unsigned behind = first + location.width;
    if (dimension.first < first || dimension.first + dimension.width > behind) continue;
    return Shared{field, behind - dimension.first - dimension.width};
  }
  return std::nullopt;
}

}  // namespace

set::Node in_shared_fields(set::Model& model, set::Node set) {
  const auto& dimensions = model.space().dimensions();
  for (auto i = static_cast<uint32_t>(dimensions.size()); i > 0; --i)
    if (!shared(dimensions[i - 1], model.space().family())) set = model.arena().some(set, i - 1);
  return set;
}

PortableSet exported(set::Model& model, set::Node set) {
  PortableSet result;
  const set::Arena& arena = model.arena();
  if (arena.exhausted()) return result;
  std::unordered_map<set::Node, uint32_t> numbers{{set::kNothing, PortableSet::kNothing},
                                                  {set::kEverything, PortableSet::kEverything}};
  const auto walk = [&](const auto& self, set::Node node) -> uint32_t {
    if (const auto known = numbers.find(node); known != numbers.end()) return known->second;
    const set::Dimension& dimension = model.space().dimensions()[arena.dimension(node)];
    const auto part = shared(dimension, model.space().family());
    assert(part);
    const U128 mask = low_bits(dimension.width) << part->shift;
    std::vector<PortableSet::Branch> branches;
    uint32_t first = 0;
    for (const set::Edge& edge : arena.edges(node)) {
      const ir::Interval values{dimension.atoms[first].first << part->shift,
                                dimension.atoms[edge.last].last << part->shift};
      branches.push_back({{part->field, mask, ir::ValueSet{values}}, self(self, edge.child)});
      first = edge.last + 1;
    }
    result.nodes.push_back(std::move(branches));
    const auto number = static_cast<uint32_t>(result.nodes.size() + 1);
    numbers.emplace(node, number);
    return number;
  };
  result.root = walk(walk, set);
  return result;
}

std::vector<ir::Constraint> constraints_of(const PortableSet& set) {
  std::vector<ir::Constraint> all;
  for (const auto& branches : set.nodes)
    for (const PortableSet::Branch& branch : branches) all.push_back(branch.where);
  return all;
}

set::Node imported(set::Model& model, const PortableSet& set) {
  std::vector<set::Node> nodes{set::kNothing, set::kEverything};
  set::Arena& arena = model.arena();
  for (const auto& branches : set.nodes) {
    std::vector<set::Node> parts;
    for (const PortableSet::Branch& branch : branches) {
      if (branch.to != PortableSet::kNothing)
        parts.push_back(arena.intersect(model.of(branch.where), nodes[branch.to]));
    }
    nodes.push_back(arena.unite_all(std::move(parts)));
  }
  return nodes[set.root];
}

set::Node shared_class(set::Model& model, const std::vector<U128>& values) {
  const auto& dimensions = model.space().dimensions();
  set::Node all = set::kEverything;
  for (uint32_t i = 0; i < dimensions.size(); ++i) {
    if (!shared(dimensions[i], model.space().family())) continue;
    std::vector<bool> atoms(dimensions[i].atoms.size(), false);
    atoms[model.space().atom_of(i, values[i])] = true;
    all = model.arena().intersect(all, model.of_atoms(i, atoms));
  }
  return all;
}

}  // namespace bulkhead::pass
