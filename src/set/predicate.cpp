// SPDX-License-Identifier: GPL-2.0-or-later
// Conditions as sets of packets.
#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

#include "set/model.h"
#include "set/possible.h"

namespace bulkhead::set {

namespace {

using Form = ir::Header::Form;

bool enumerated(const Dimension& dimension) {
  return std::ranges::all_of(dimension.atoms,
                             [](const ir::Interval& atom) { return atom.first == atom.last; });
}

unsigned highest_bit(U128 value) {
  const auto high = static_cast<uint64_t>(value >> 64);
  const auto low = static_cast<uint64_t>(value);
  return static_cast<unsigned>(high != 0 ? 127 - std::countl_zero(high)
                                         : 63 - std::countl_zero(low));
}

// The smallest number from `value` on, and the largest up to it, that has no bit outside the mask.
std::optional<U128> masked_from(U128 value, U128 mask) {
  const U128 outside = value & ~mask;
  if (outside == 0) return value;
  const unsigned top = highest_bit(outside);
  if (top == 127) return std::nullopt;
  // Ones outside the mask hand the carry on.
  const U128 step = U128{1} << (top + 1);
  const U128 sum = (value | ~mask) & ~low_bits(top + 1);
  if (sum + step < sum) return std::nullopt;
  return (sum + step) & mask;
}

U128 masked_up_to(U128 value, U128 mask) {
  const U128 outside = value & ~mask;
  if (outside == 0) return value;
  const unsigned top = highest_bit(outside);
  return (value & ~low_bits(top + 1)) | (mask & low_bits(top));
}

}  // namespace

Node Model::of_atoms(uint32_t dimension, const std::vector<bool>& atoms) {
  std::vector<Edge> edges;
  for (uint32_t i = 0; i < atoms.size(); ++i)
    edges.push_back({i, atoms[i] ? kEverything : kNothing});
  return arena_.node(dimension, edges);
}

Node Model::of_shapes(std::initializer_list<Shape> shapes) {
  std::vector<bool> atoms(space_.dimensions()[space_.shape()].atoms.size(), false);
  for (const Shape shape : shapes) atoms[static_cast<size_t>(shape)] = true;
  return of_atoms(space_.shape(), atoms);
}

namespace {

// One interval of atoms.
std::vector<Edge> edges_of(uint32_t first, uint32_t last, uint32_t atoms) {
  std::vector<Edge> edges;
  if (first > 0) edges.push_back({first - 1, kNothing});
  edges.push_back({last, kEverything});
  if (last + 1 < atoms) edges.push_back({atoms - 1, kNothing});
  return edges;
}

}  // namespace

// first <= (the field's bits under the mask) <= last, digit by digit: the first digit lies strictly
// between, or is one of the ends and the rest decides.
Node Model::of_digits(const std::vector<Segment>& segments, U128 first, U128 last, U128 mask) {
  const auto digit = [](const Segment& segment, U128 value) {
    return value >> segment.shift & low_bits(segment.width);
  };
  const auto between = [&](const Segment& segment, U128 from, U128 to) -> Node {
    if (from > to) return kNothing;
    const unsigned below = space_.dimensions()[segment.dimension].width - segment.width;
    const auto [a, b] =
        space_.atoms_in(segment.dimension, {from << below, (to << below) | low_bits(below)});
    if (a > b) return kNothing;
    return arena_.node(segment.dimension, edges_of(a, b, arena_.atoms(segment.dimension)));
  };
  const auto walk = [&](const auto& self, size_t i, bool from_first, bool to_last) -> Node {
    if (i == segments.size() || (!from_first && !to_last)) return kEverything;
    const Segment& segment = segments[i];
    const U128 from = from_first ? digit(segment, first) : 0;
    const U128 to = to_last ? digit(segment, last) : low_bits(segment.width);
    if (from_first && to_last && from == to)
      return arena_.intersect(between(segment, from, to), self(self, i + 1, true, true));
    Node result = kNothing;
    const bool last_digit = i + 1 == segments.size();
    const U128 inner_from = from_first && !last_digit ? from + 1 : from;
    const bool has_inner = !(to_last && !last_digit && to == 0);
    const U128 inner_to = to_last && !last_digit ? to - 1 : to;
    if (has_inner && inner_from <= inner_to) result = between(segment, inner_from, inner_to);
    if (last_digit) return result;
    if (from_first) {
      result = arena_.unite(
          result, arena_.intersect(between(segment, from, from), self(self, i + 1, true, false)));
    }
    if (to_last) {
      result = arena_.unite(
          result, arena_.intersect(between(segment, to, to), self(self, i + 1, false, true)));
    }
    return result;
  };
  const auto from = masked_from(first, mask);
  const U128 to = masked_up_to(last, mask);
  if (!from || *from > to) return kNothing;
  first = *from;
  last = to;
  return walk(walk, 0, true, true);
}

Node Model::of(const ir::Constraint& constraint) {
  const ir::Field& field = *constraint.field;
  const ir::Location& location = field.location(space_.family());
  if (location.base == ir::Base::kNone) return kNothing;
  const auto has = [&](U128 value) { return constraint.values.contains(value & constraint.mask); };
  if (&field == &ir::kFragmentOffset) {
    return of_atoms(space_.shape(), {has(0), has(0), has(0), has(1), has(2)});
  }
  const U128 mask = constraint.mask & low_bits(location.width);
  Node result = kNothing;
  const std::vector<Segment> segments = space_.segments(field, mask);
  const std::vector<Segment> whole = space_.segments(field);
  if (mask == 0) {
    result = has(0) ? kEverything : kNothing;
  } else if (whole.size() == 1 && enumerated(space_.dimensions()[whole.front().dimension]) &&
             whole.front().width == space_.dimensions()[whole.front().dimension].width) {
    const Dimension& dimension = space_.dimensions()[whole.front().dimension];
    std::vector<bool> atoms;
    for (const ir::Interval& atom : dimension.atoms) atoms.push_back(has(atom.first));
    result = of_atoms(whole.front().dimension, atoms);
  } else if (segments.size() == 1) {
    // All intervals at once: lists of ports and addresses.
    const Segment& segment = segments.front();
    const unsigned below = space_.dimensions()[segment.dimension].width - segment.width;
    const uint32_t count = arena_.atoms(segment.dimension);
    std::vector<Edge> edges;
    uint32_t next = 0;
    for (const ir::Interval& interval : constraint.values.intervals()) {
      const auto from = masked_from(interval.first, mask);
      const U128 to = masked_up_to(interval.last, mask);
      if (!from || *from > to) continue;
      const auto [a, b] = space_.atoms_in(
          segment.dimension,
          {*from >> segment.shift << below, (to >> segment.shift << below) | low_bits(below)});
      if (a > b) continue;
      if (a > next) edges.push_back({a - 1, kNothing});
      edges.push_back({b, kEverything});
      next = b + 1;
    }
    if (next < count) edges.push_back({count - 1, kNothing});
    result = arena_.node(segment.dimension, edges);
  } else {
    std::vector<Node> parts;
    for (const ir::Interval& interval : constraint.values.intervals())
      parts.push_back(of_digits(segments, interval.first, interval.last, mask));
    result = arena_.unite_all(std::move(parts));
  }

  // Where the field can't be read, the constraint doesn't hold.
  if (location.base == ir::Base::kTransport) {
    constexpr unsigned kPortBits = 32;
    const Node readable = location.offset + location.width <= kPortBits
                              ? of_shapes({Shape::kWhole, Shape::kPortsOnly})
                              : of_shapes({Shape::kWhole});
    return arena_.intersect(result, readable);
  }
  if (location.base == ir::Base::kConntrack &&
      location.offset != static_cast<uint16_t>(ir::Conntrack::kState)) {
    const Node connected = of({&ir::kCtState, UINT32_MAX, ir::ValueSet({{2, 2}, {4, 4}, {8, 8}})});
    return arena_.intersect(result, connected);
  }
  return result;
}

Node Model::of_question(const std::string& question, bool negated) {
  return of_atoms(*space_.answer(question), {negated, !negated});
}

Node Model::at_hook(ir::Hook hook) {
  const bool in =
      hook == ir::Hook::kPrerouting || hook == ir::Hook::kInput || hook == ir::Hook::kForward;
  const bool out =
      hook == ir::Hook::kOutput || hook == ir::Hook::kForward || hook == ir::Hook::kPostrouting;
  // At POSTROUTING a packet still has the interface that it was forwarded from (ip_output of
  // net/ipv4/ip_output.c hands both on); one that is sent from here has none.
  const bool either = hook == ir::Hook::kPostrouting;
  const auto interface = [&](const ir::Field& field, bool there) {
    const Node none = of({&field, kU128Max, ir::ValueSet::of(0)});
    return there ? arena_.complement(none) : none;
  };
  Node here = arena_.intersect(either ? kEverything : interface(ir::kInInterface, in),
                               interface(ir::kOutInterface, out));
  // ip_local_deliver of net/ipv4/ip_input.c has put fragments together.
  if (hook == ir::Hook::kInput && space_.family() == net::Family::kIpv4)
    here = arena_.subtract(here, of_shapes({Shape::kSecondBlock, Shape::kLaterFragment}));
  return arena_.subtract(here, impossible(*this));
}

void Model::ask(Held& held, const ir::Condition& condition) {
  const auto narrow = [&](Node set) { held.holds = arena_.intersect(held.holds, set); };
  if (const auto named = space_.answer(condition)) return narrow(of_atoms(*named, {false, true}));
  struct Visitor {
    Model& model;
    Held& held;
    const decltype(narrow)& only;

    void unsure() const { held.sure = false; }
    void drop(Node set) const {
      const Node here = model.arena_.intersect(held.holds, set);
      if (here == kNothing) return;
      held.drops_sure &= held.sure;
      held.drops = model.arena_.unite(held.drops, here);
    }
    void operator()(const ir::Constraint& it) const { only(model.of(it)); }
    void operator()(const ir::AnyOf& it) const {
      std::vector<Node> parts;
      for (const ir::Constraint& each : it.alternatives) parts.push_back(model.of(each));
      only(model.arena_.unite_all(std::move(parts)));
    }
    void operator()(const ir::Header& it) const {
      const bool v4_tcp = it.form == Form::kTcp && model.space_.family() == net::Family::kIpv4;
      if (v4_tcp) drop(model.of_shapes({Shape::kSecondBlock}));
      if (it.form == Form::kPorts) {
        drop(model.of_shapes({Shape::kCutOff}));
        only(model.of_shapes({Shape::kWhole, Shape::kPortsOnly}));
      } else {
        drop(model.of_shapes({Shape::kCutOff, Shape::kPortsOnly}));
        only(model.of_shapes({Shape::kWhole}));
      }
      if (it.tcp_option != 0) only(model.of_question(question_of(it), it.tcp_option_negated));
    }
    void operator()(const ir::Limit&) const { unsure(); }
    void operator()(const ir::Opaque& it) const {
      if (it.stateful) return unsure();
      only(model.of_question(question_of(it), false));
    }
  };
  std::visit(Visitor{*this, held, narrow}, condition);
}

Model::Held Model::of(const ir::Rule& rule) {
  Held held;
  for (const ir::Condition& condition : rule.head.predicate) ask(held, condition);
  for (const ir::Match& match : rule.matches) {
    for (const ir::Condition& condition : match.predicate) ask(held, condition);
  }
  return held;
}

}  // namespace bulkhead::set
