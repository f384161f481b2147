// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/projection.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace bulkhead::set {

namespace {

std::vector<bool> dimensions_of(const Space& space, std::span<const ir::Field* const> fields) {
  std::vector<bool> theirs(space.dimensions().size());
  for (const ir::Field* field : fields) {
    for (const Segment& segment : space.segments(*field)) theirs[segment.dimension] = true;
  }
  return theirs;
}

// The one dimension that is the field and nothing else.
std::optional<uint32_t> dimension_of(const Space& space, const ir::Field& field) {
  const std::vector<Segment> segments = space.segments(field);
  const unsigned width = field.location(space.family()).width;
  if (segments.size() != 1 || segments.front().width != width) return std::nullopt;
  const uint32_t dimension = segments.front().dimension;
  if (space.dimensions()[dimension].width != width) return std::nullopt;
  return dimension;
}

double size_of(const ir::Interval& values) {
  return static_cast<double>(values.last - values.first) + 1;
}

class Measure {
 public:
  explicit Measure(Model& model) : model_(model) {}

  double of(Node node) {
    if (is_terminal(node)) return node == kNothing ? 0 : 1;
    if (const auto known = known_.find(node); known != known_.end()) return known->second;
    const uint32_t number = model_.arena().dimension(node);
    const Dimension& dimension = model_.space().dimensions()[number];
    double sum = 0;
    uint32_t atom = 0;
    for (const Edge& edge : model_.arena().edges(node)) {
      const double part = of(edge.child);
      for (; atom <= edge.last; ++atom) sum += part * size_of(dimension.atoms[atom]);
    }
    return known_[node] = sum / std::ldexp(1.0, dimension.width);
  }

 private:
  Model& model_;
  std::unordered_map<Node, double> known_;
};

}  // namespace

Node projected(Model& model, Node set, std::span<const ir::Field* const> fields) {
  const std::vector<bool> kept = dimensions_of(model.space(), fields);
  Arena& arena = model.arena();
  // From below, so that the diagram is small by the time that its upper part is joined. Whatever
  // asks for none of them any more has some packet.
  auto dimension = static_cast<uint32_t>(kept.size());
  while (dimension > 0 && !kept[dimension - 1]) --dimension;
  set = arena.transform(set, [&](Node node) -> std::optional<Node> {
    if (is_terminal(node)) return std::nullopt;
    return arena.dimension(node) >= dimension ? std::optional(kEverything) : std::nullopt;
  });
  while (dimension-- > 0) {
    if (!kept[dimension]) set = arena.some(set, dimension);
  }
  return set;
}

double share(Model& model, Node set, std::span<const ir::Field* const> fields) {
  return Measure(model).of(projected(model, set, fields));
}

std::optional<ir::ValueSet> values(Model& model, Node set, const ir::Field& field) {
  if (set == kNothing) return ir::ValueSet();
  if (model.space().segments(field).empty())  // nothing asks for it
    return ir::ValueSet::range(0, low_bits(field.location(model.space().family()).width));
  const auto dimension = dimension_of(model.space(), field);
  if (!dimension) return std::nullopt;
  const std::vector<bool> there = model.arena().project(set, *dimension);
  const Dimension& it = model.space().dimensions()[*dimension];
  std::vector<ir::Interval> found;
  for (size_t i = 0; i < there.size(); ++i)
    if (there[i]) found.push_back(it.atoms[i]);
  return ir::ValueSet(std::move(found));
}

std::optional<std::vector<ir::Interval>> classes(const Space& space, const ir::Field& field) {
  const auto dimension = dimension_of(space, field);
  if (!dimension) return std::nullopt;
  return space.dimensions()[*dimension].atoms;
}

}  // namespace bulkhead::set
