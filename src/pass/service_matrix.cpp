// SPDX-License-Identifier: GPL-2.0-or-later
// The way: the packets that the chain may accept, cut down to the service; then only their two
// addresses (a packet passes if some value of the other fields lets it pass). In that diagram the
// upper address's intervals lead to a handful of sets of the lower one, and two addresses are alike
// where they lead to the same set and are in the same sets.
#include "pass/service_matrix.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace bulkhead::pass {

namespace {

using set::Node;

constexpr size_t kMostRanges = 200'000;

// Addresses that lead to one node.
struct Range {
  ir::Interval addresses;
  Node leads_to = set::kNothing;
};

// The function with only the dimensions that are kept: what is there for some atom of the others.
class Projection {
 public:
  Projection(set::Arena& arena, std::vector<bool> kept) : arena_(arena), kept_(std::move(kept)) {}

  Node of(Node node) {
    if (set::is_terminal(node) || arena_.exhausted()) return node;
    if (const auto known = done_.find(node); known != done_.end()) return known->second;
    std::vector<set::Edge> edges(arena_.edges(node).begin(), arena_.edges(node).end());
    for (set::Edge& edge : edges) edge.child = of(edge.child);
    const uint32_t dimension = arena_.dimension(node);
    Node made = set::kNothing;
    if (kept_[dimension]) {
      made = arena_.node(dimension, edges);
    } else {
      std::vector<Node> children;
      for (const set::Edge& edge : edges) children.push_back(edge.child);
      made = arena_.unite_all(std::move(children));
    }
    done_.emplace(node, made);
    return made;
  }

 private:
  set::Arena& arena_;
  std::vector<bool> kept_;
  std::unordered_map<Node, Node> done_;
};

// A diagram's top, as long as it asks for the address, as ranges of addresses.
class Ranges {
 public:
  Ranges(set::Model& model, const ir::Field& field)
      : arena_(model.arena()),
        space_(model.space()),
        width_(field.location(model.space().family()).width),
        segments_(model.space().segments(field)) {}

  // nullopt: more than kMostRanges.
  std::optional<std::vector<Range>> of(Node node) {
    ranges_.clear();
    steps_ = 0;
    walk(node, 0, 0);
    if (steps_ > kMostRanges) return std::nullopt;
    return std::move(ranges_);
  }

 private:
  bool asks(Node node) const {
    return std::ranges::any_of(segments_, [&](const set::Segment& segment) {
      return segment.dimension == arena_.dimension(node);
    });
  }

  void add(ir::Interval addresses, Node node) {
    ++steps_;
    if (!ranges_.empty() && ranges_.back().leads_to == node) {
      ranges_.back().addresses.last = addresses.last;
    } else {
      ranges_.push_back({addresses, node});
    }
  }

  // `before`: the digits of the segments before this one.
  void walk(Node node, size_t segment, U128 before) {
    if (steps_ > kMostRanges || arena_.exhausted()) return;
    if (!asks(node)) {
      const unsigned rest = segment == 0 ? width_ : segments_[segment - 1].shift;
      return add({before, before | low_bits(rest)}, node);
    }
    const uint32_t dimension = segments_[segment].dimension;
    const unsigned shift = segments_[segment].shift;
    const auto below = [&](U128 first, U128 last, Node child) {
      if (!asks(child)) {
        const ir::Interval addresses{before | first << shift,
                                     before | last << shift | low_bits(shift)};
        return add(addresses, child);
      }
      for (U128 digit = first; steps_ <= kMostRanges; ++digit) {
        walk(child, segment + 1, before | digit << shift);
        if (digit == last) break;
      }
    };
    if (arena_.dimension(node) != dimension)
      return below(0, low_bits(segments_[segment].width), node);
    const auto& atoms = space_.dimensions()[dimension].atoms;
    uint32_t first = 0;
    for (const set::Edge& edge : arena_.edges(node)) {
      below(atoms[first].first, atoms[edge.last].last, edge.child);
      first = edge.last + 1;
    }
  }

  set::Arena& arena_;
  const set::Space& space_;
  unsigned width_;
  std::vector<set::Segment> segments_;
  std::vector<Range> ranges_;
  size_t steps_ = 0;
};

// A relation of addresses: those of `upper` lead to sets of `lower`.
struct Relation {
  std::vector<Range> upper;
  std::vector<ir::ValueSet> lower;  // by number of the set
  std::vector<size_t> set_of;       // which set a range of `upper` leads to
};

std::optional<Relation> relation_of(set::Model& model, Node pairs, const ir::Field& upper,
                                    const ir::Field& lower) {
  auto ranges = Ranges(model, upper).of(pairs);
  if (!ranges) return std::nullopt;
  Relation relation{.upper = *std::move(ranges), .lower = {}, .set_of = {}};
  std::map<Node, size_t> numbers;
  Ranges below(model, lower);
  size_t total = 0;
  for (const Range& range : relation.upper) {
    const auto [known, fresh] = numbers.emplace(range.leads_to, numbers.size());
    relation.set_of.push_back(known->second);
    if (!fresh) continue;
    const auto inside = below.of(range.leads_to);
    if (!inside || (total += inside->size()) > kMostRanges) return std::nullopt;
    std::vector<ir::Interval> addresses;
    for (const Range& each : *inside) {
      if (each.leads_to == set::kEverything) addresses.push_back(each.addresses);
    }
    relation.lower.emplace_back(std::move(addresses));
  }
  return relation;
}

// Ranges of addresses and their classes: alike are those that lead to the same set and are in the
// same sets.
class Classes {
 public:
  explicit Classes(const Relation& relation) : relation_(relation) {
    find_starts();
    of_.assign(starts_.size(), 0);
    for (size_t i = 0; i < relation.upper.size(); ++i) {
      const auto [first, end] = places(relation.upper[i].addresses);
      std::fill(of_.begin() + first, of_.begin() + end, relation.set_of[i]);
    }
    next_ = relation.lower.size();
    for (const ir::ValueSet& set : relation.lower) refine(set);
    number();
  }

  ServiceMatrix matrix(bool sources_first) const {
    ServiceMatrix matrix;
    std::vector<std::vector<ir::Interval>> addresses(next_);
    for (size_t i = 0; i < starts_.size(); ++i) {
      const bool last = i + 1 == starts_.size();
      addresses[of_[i]].push_back(
          {starts_[i], last ? relation_.upper.back().addresses.last : starts_[i + 1] - 1});
    }
    for (auto& each : addresses) matrix.classes.emplace_back(std::move(each));
    // Any address stands for its class.
    const auto leads = [&](size_t upper, size_t lower) {
      const U128 from = matrix.classes[upper].intervals().front().first;
      const auto range = std::ranges::lower_bound(
          relation_.upper, from, {}, [](const Range& it) { return it.addresses.last; });
      const auto set = relation_.set_of[static_cast<size_t>(range - relation_.upper.begin())];
      return relation_.lower[set].contains(matrix.classes[lower].intervals().front().first);
    };
    for (size_t from = 0; from < next_; ++from) {
      for (size_t to = 0; to < next_; ++to) {
        if (sources_first ? leads(from, to) : leads(to, from)) matrix.pairs.emplace_back(from, to);
      }
    }
    return matrix;
  }

 private:
  void find_starts() {
    for (const Range& range : relation_.upper) starts_.push_back(range.addresses.first);
    const U128 end = relation_.upper.back().addresses.last;
    for (const ir::ValueSet& set : relation_.lower) {
      for (const ir::Interval& interval : set.intervals()) {
        starts_.push_back(interval.first);
        if (interval.last != end) starts_.push_back(interval.last + 1);
      }
    }
    std::ranges::sort(starts_);
    starts_.erase(std::unique(starts_.begin(), starts_.end()), starts_.end());
  }

  // The ranges of an interval that begins and ends where ranges do.
  std::pair<ptrdiff_t, ptrdiff_t> places(const ir::Interval& interval) const {
    const auto first = std::ranges::lower_bound(starts_, interval.first);
    const auto end = std::ranges::upper_bound(starts_, interval.last);
    return {first - starts_.begin(), end - starts_.begin()};
  }

  // What is in the set gets classes of its own.
  void refine(const ir::ValueSet& set) {
    std::unordered_map<size_t, size_t> inside;
    for (const ir::Interval& interval : set.intervals()) {
      const auto [first, end] = places(interval);
      for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(end); ++i) {
        const auto [known, fresh] = inside.emplace(of_[i], next_);
        if (fresh) ++next_;
        of_[i] = known->second;
      }
    }
  }

  // From 0 on, in the order of their lowest addresses.
  void number() {
    std::unordered_map<size_t, size_t> numbers;
    for (size_t& each : of_) each = numbers.emplace(each, numbers.size()).first->second;
    next_ = numbers.size();
  }

  const Relation& relation_;
  std::vector<U128> starts_;  // of the ranges; the first is 0
  std::vector<size_t> of_;    // by range
  size_t next_ = 0;           // behind the highest number of a class
};

}  // namespace

ir::Constraint is_new() {
  return {&ir::kCtState, UINT32_MAX, ir::ValueSet::of(static_cast<U128>(ir::CtState::kNew))};
}

std::vector<ir::Constraint> asked_of(const Service& service) {
  std::vector<ir::Constraint> asked{is_new()};
  const auto ask = [&](const ir::Field& field, unsigned width, uint16_t value) {
    asked.push_back({&field, low_bits(width), ir::ValueSet::of(value)});
  };
  if (service.protocol) ask(ir::kProtocol, 8, *service.protocol);
  if (service.port) ask(ir::kDestinationPort, 16, *service.port);
  if (service.source_port) ask(ir::kSourcePort, 16, *service.source_port);
  return asked;
}

set::Node may_be_accepted(set::Model& model, ChainFunctions& functions, const ir::Chain& chain) {
  const set::Outcomes& outcomes = model.outcomes();
  const Node accepted =
      model.where(functions.decided(chain), [&](std::span<const set::Outcome> possible) {
        return std::ranges::any_of(
            possible, [&](const set::Outcome& it) { return set::may_pass(it, outcomes); });
      });
  const auto& chains = ir::builtin_table(functions.table().name)->chains;
  const auto builtin = std::ranges::find(chains, chain.name, &ir::BuiltinChain::name);
  return model.arena().intersect(accepted, model.at_hook(builtin->hook));
}

Result<ServiceMatrix> service_matrix(set::Model& model, ChainFunctions& functions,
                                     const ir::Chain& chain, const Service& service) {
  set::Arena& arena = model.arena();
  Node packets = model.of_shapes({set::Shape::kWhole});
  for (const ir::Constraint& constraint : asked_of(service))
    packets = arena.intersect(packets, model.of(constraint));
  packets = arena.intersect(packets, may_be_accepted(model, functions, chain));

  std::vector<bool> kept(arena.dimensions(), false);
  const auto first_of = [&](const ir::Field& field) {
    uint32_t first = arena.dimensions();
    for (const set::Segment& segment : model.space().segments(field)) {
      kept[segment.dimension] = true;
      first = std::min(first, segment.dimension);
    }
    return first;
  };
  const bool sources_first = first_of(ir::kSource) < first_of(ir::kDestination);
  const Node pairs = Projection(arena, kept).of(packets);
  const auto relation = sources_first ? relation_of(model, pairs, ir::kSource, ir::kDestination)
                                      : relation_of(model, pairs, ir::kDestination, ir::kSource);
  if (model.exhausted()) return ServiceMatrix{};
  if (!relation) {
    return Error{.kind = ErrorKind::kRefused,
                 .message = "the rules' addresses fall into too many ranges for a matrix",
                 .hint = "an address mask with holes does that"};
  }
  return Classes(*relation).matrix(sources_first);
}

}  // namespace bulkhead::pass
