// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/cube.h"

#include <algorithm>

namespace bulkhead::set {

namespace {

// In which order a product gives its conditions up: what a reader would miss least comes first.
unsigned dispensable(const Dimension& dimension, net::Family family) {
  if (dimension.kind == Dimension::Kind::kAnswer) return 0;
  if (dimension.kind == Dimension::Kind::kShape) return 3;
  switch (dimension.base) {
    case ir::Base::kTransport:
      if (dimension.first < 16) return 5;
      return dimension.first < 32 ? 12 : 2;
    case ir::Base::kNetwork:
      if (dimension.first >= ir::kDestination.location(family).offset) return 9;
      return dimension.first >= ir::kSource.location(family).offset ? 10 : 1;
    case ir::Base::kConntrack: return dimension.key == 0 ? 6 : 1;
    case ir::Base::kMeta:
      switch (static_cast<ir::Meta>(dimension.key)) {
        case ir::Meta::kInInterface: return 8;
        case ir::Meta::kOutInterface: return 7;
        case ir::Meta::kProtocol: return 11;
        default: return 1;
      }
    default: return 1;
  }
}

// Some path of the set, as a product: every node's atoms that lead to the same child.
Cube some_cube(Arena& arena, Node set) {
  Cube cube;
  while (!is_terminal(set)) {
    Cube::Side side{arena.dimension(set), std::vector<bool>(arena.atoms(arena.dimension(set)))};
    Node child = kNothing;
    for (const Edge& edge : arena.edges(set)) {
      if (child == kNothing) child = edge.child;
    }
    uint32_t atom = 0;
    for (const Edge& edge : arena.edges(set)) {
      for (; atom <= edge.last; ++atom) side.atoms[atom] = edge.child == child;
    }
    cube.sides.push_back(std::move(side));
    set = child;
  }
  return cube;
}

// The product is in `set`, and stays so: each condition takes all the values that it can.
void widen(Model& model, Cube& cube, Node outside) {
  Arena& arena = model.arena();
  std::vector<uint32_t> order;
  for (const Cube::Side& side : cube.sides) order.push_back(side.dimension);
  std::ranges::stable_sort(order, {}, [&](uint32_t dimension) {
    return dispensable(model.space().dimensions()[dimension], model.space().family());
  });
  for (const uint32_t dimension : order) {
    const auto side = std::ranges::find(cube.sides, dimension, &Cube::Side::dimension);
    const std::vector<bool> own = side->atoms;
    side->atoms.assign(own.size(), true);
    const std::vector<bool> bad =
        arena.project(arena.intersect(node_of(model, cube), outside), dimension);
    if (arena.exhausted()) {
      side->atoms = own;
      return;
    }
    for (size_t i = 0; i < bad.size(); ++i) side->atoms[i] = !bad[i];
  }
  std::erase_if(cube.sides, [](const Cube::Side& side) {
    return std::ranges::find(side.atoms, false) == side.atoms.end();
  });
}

}  // namespace

Node node_of(Model& model, const Cube& cube) {
  Node node = kEverything;
  for (auto side = cube.sides.rbegin(); side != cube.sides.rend(); ++side)
    node = model.arena().intersect(node, model.of_atoms(side->dimension, side->atoms));
  return node;
}

Cover cover(Model& model, Node set, Node care, size_t most) {
  Arena& arena = model.arena();
  Cover result{.cubes = {}, .rest = arena.intersect(set, care)};
  const Node outside = arena.subtract(care, set);
  while (result.rest != kNothing && result.cubes.size() < most && !arena.exhausted()) {
    Cube cube = some_cube(arena, result.rest);
    widen(model, cube, outside);
    result.rest = arena.subtract(result.rest, node_of(model, cube));
    result.cubes.push_back(std::move(cube));
  }
  return result;
}

}  // namespace bulkhead::set
