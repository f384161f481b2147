// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/space.h"

#include <algorithm>
#include <array>
#include <cassert>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "set/possible.h"

namespace bulkhead::set {

namespace {

bool in_header(ir::Base base) {
  return base == ir::Base::kNetwork || base == ir::Base::kTransport || base == ir::Base::kLink;
}

unsigned first_bit(const ir::Location& location) {
  return in_header(location.base) ? location.offset : 0;
}

// The values that can be, where these are few.
std::vector<U128> possible_values(ir::Base base, uint16_t key) {
  if (base == ir::Base::kConntrack && key == static_cast<uint16_t>(ir::Conntrack::kState))
    return {1, 2, 4, 8, 64};
  if (base == ir::Base::kConntrack && key == static_cast<uint16_t>(ir::Conntrack::kDirection))
    return {0, 1};
  if (base == ir::Base::kMeta && key == static_cast<uint16_t>(ir::Meta::kPacketType))
    return {0, 1, 2};
  if (base == ir::Base::kRoute && ir::is_path(static_cast<ir::Route>(key))) return {0, 1};
  return {};
}

enum class Group : uint8_t {
  kIn,
  kSource,
  kLink,
  kOut,
  kDestination,
  kProtocol,
  kShape,
  kDestinationPort,
  kSourcePort,
  kTransport,
  kState,
  kMark,
  kOther,
  kAnswer
};

Group group_of(const Dimension& dimension, net::Family family) {
  if (dimension.kind == Dimension::Kind::kShape) return Group::kShape;
  if (dimension.kind == Dimension::Kind::kAnswer) return Group::kAnswer;
  switch (dimension.base) {
    case ir::Base::kNetwork: {
      const unsigned source = ir::kSource.location(family).offset;
      const unsigned destination = ir::kDestination.location(family).offset;
      if (dimension.first >= destination) return Group::kDestination;
      return dimension.first >= source ? Group::kSource : Group::kOther;
    }
    case ir::Base::kTransport:
      if (dimension.first < 16) return Group::kSourcePort;
      return dimension.first < 32 ? Group::kDestinationPort : Group::kTransport;
    case ir::Base::kLink: return Group::kLink;
    case ir::Base::kConntrack:
      return dimension.key == static_cast<uint16_t>(ir::Conntrack::kState) ? Group::kState
                                                                           : Group::kMark;
    case ir::Base::kMeta:
      switch (static_cast<ir::Meta>(dimension.key)) {
        case ir::Meta::kInInterface: return Group::kIn;
        case ir::Meta::kOutInterface: return Group::kOut;
        case ir::Meta::kProtocol: return Group::kProtocol;
        case ir::Meta::kInDeviceType: return Group::kLink;
        case ir::Meta::kMark: return Group::kMark;
        default: return Group::kOther;
      }
    default: return Group::kOther;
  }
}

// The groups from the top down. Fields that rules ask for together stand together (a MAC address
// far from its source address costs a hundredfold).
unsigned place_of(Group group, Order order) {
  using enum Group;
  constexpr std::array<std::array<Group, 14>, 3> kPlaces = {{
      {kIn, kSource, kLink, kOut, kDestination, kProtocol, kShape, kDestinationPort, kSourcePort,
       kTransport, kState, kMark, kOther, kAnswer},
      {kProtocol, kShape, kDestinationPort, kSourcePort, kTransport, kState, kIn, kSource, kLink,
       kOut, kDestination, kMark, kOther, kAnswer},
      {kOut, kDestination, kIn, kSource, kLink, kProtocol, kShape, kDestinationPort, kSourcePort,
       kTransport, kState, kMark, kOther, kAnswer},
  }};
  const auto& places = kPlaces[static_cast<size_t>(order)];
  return static_cast<unsigned>(std::ranges::find(places, group) - places.begin());
}

}  // namespace

std::vector<Run> runs_of(U128 mask, unsigned width) {
  std::vector<Run> runs;
  for (unsigned bit = width; bit > 0;) {
    --bit;
    if ((mask >> bit & 1) == 0) continue;
    unsigned length = 1;
    for (; bit > 0 && (mask >> (bit - 1) & 1) != 0; --bit) ++length;
    runs.push_back({bit, length});
  }
  return runs;
}

bool remembers(const ir::Condition& condition) {
  const auto* opaque = std::get_if<ir::Opaque>(&condition);
  return std::holds_alternative<ir::Limit>(condition) || (opaque != nullptr && opaque->stateful);
}

bool sets_bits(const ir::ConnectionMark& it) {
  return it.mode == ir::ConnectionMark::Mode::kSet && it.shift == 0;
}

std::string question_of(const ir::Opaque& opaque) {
  return fmt::format("{}.{} {:02x}", opaque.name, opaque.revision, fmt::join(opaque.bytes, ""));
}

std::string question_of(const ir::Header& header) {
  return fmt::format("tcp option {}", header.tcp_option);
}

Space::Space(net::Family family, const std::vector<const ir::Ruleset*>& rulesets,
             const std::vector<ir::Constraint>& more, Order order, bool named_unknowns,
             const SameRules& same)
    : family_(family) {
  // What every packet has, so that it can be described.
  for (const ir::Field* field :
       {&ir::kSource, &ir::kDestination, &ir::kProtocol, &ir::kInInterface, &ir::kOutInterface,
        &ir::kSourcePort, &ir::kDestinationPort, &ir::kCtState}) {
    made_.push_back({field, low_bits(field->location(family).width), {}});
    ask(made_.back(), false);
  }
  // No interface is a value of its own.
  for (const ir::Field* field : {&ir::kInInterface, &ir::kOutInterface}) {
    made_.push_back({field, kU128Max, ir::ValueSet::of(0)});
    ask(made_.back(), false);
  }
  RuleNumbers numbers;
  for (const ir::Ruleset* rules : rulesets) {
    assert(rules->family == family);
    for (const ir::Table& table : rules->tables) {
      for (const ir::Chain& chain : table.chains) {
        for (const ir::Rule& rule : chain.rules) {
          ask(rule);
          if (named_unknowns) name_unknowns(rule, same, numbers);
        }
      }
    }
  }
  for (const ir::Constraint& constraint : more) ask(constraint, false);
  const auto of_length = [](const Asked& it) { return it.constraint->field == &ir::kLength; };
  if (std::ranges::any_of(asked_, of_length)) {
    for (ir::Constraint& constraint : asked_with_lengths(family)) {
      made_.push_back(std::move(constraint));
      ask(made_.back(), false);
    }
  }

  cut();
  dimensions_.push_back({.kind = Dimension::Kind::kShape,
                         .question = {},
                         .match = {},
                         .atoms = {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}}});
  std::set<std::string_view> remembered;
  for (const auto& [condition, question] : named_) remembered.insert(question);
  for (const auto& [question, match] : questions_) {
    dimensions_.push_back({.kind = Dimension::Kind::kAnswer,
                           .question = question,
                           .match = match,
                           .remembers = remembered.contains(question),
                           .atoms = {{0, 0}, {1, 1}}});
  }
  std::ranges::stable_sort(dimensions_, {}, [&](const Dimension& dimension) {
    return std::tuple(place_of(group_of(dimension, family_), order), dimension.base, dimension.key,
                      dimension.first);
  });
  for (uint32_t i = 0; i < dimensions_.size(); ++i) {
    const Dimension& dimension = dimensions_[i];
    if (dimension.kind == Dimension::Kind::kShape) shape_ = i;
    if (dimension.kind == Dimension::Kind::kAnswer) answers_.emplace(dimension.question, i);
    if (dimension.kind == Dimension::Kind::kBits)
      dimensions_of_[{dimension.base, dimension.key}].push_back(i);
  }
  for (auto& [region, list] : dimensions_of_) {
    std::ranges::sort(list, {}, [&](uint32_t i) { return dimensions_[i].first; });
  }
  divide();
  asked_ = {};
  made_ = {};
  questions_ = {};
}

void Space::ask(const ir::Constraint& constraint, bool written) {
  const ir::Location& location = constraint.field->location(family_);
  // A later fragment is a shape.
  if (location.base == ir::Base::kNone || constraint.field == &ir::kFragmentOffset) return;
  asked_.push_back({&constraint, written});
}

void Space::ask(const ir::Predicate& predicate) {
  struct Visitor {
    Space& space;
    void operator()(const ir::Constraint& it) const { space.ask(it, false); }
    void operator()(const ir::AnyOf& it) const {
      for (const ir::Constraint& each : it.alternatives) space.ask(each, false);
    }
    void operator()(const ir::Header& it) const {
      if (it.tcp_option != 0) space.questions_.try_emplace(question_of(it));
    }
    void operator()(const ir::Limit&) const {}
    void operator()(const ir::Opaque& it) const {
      if (!it.stateful) space.questions_.try_emplace(question_of(it), it);
    }
  };
  for (const ir::Condition& condition : predicate) std::visit(Visitor{*this}, condition);
}

void Space::write(const ir::Field& field, U128 mask, const ir::ValueSet& values) {
  if (mask == 0) return;
  made_.push_back({&field, mask, values});
  ask(made_.back(), true);
}

void Space::ask(const ir::Action& action) {
  const auto whole = [&](const ir::Field& field) {
    return low_bits(field.location(family_).width);
  };
  // What is kept may be flipped.
  const auto assign = [&](const ir::Field& field, U128 keep, U128 flip) {
    const U128 set = whole(field) & ~keep;
    write(field, set, ir::ValueSet::of(flip & set));
    write(field, whole(field) & keep & flip, {});
  };
  if (const auto* it = std::get_if<ir::Assign>(&action)) {
    assign(*it->field, it->keep, it->flip);
  } else if (const auto* adjust = std::get_if<ir::Adjust>(&action)) {
    write(*adjust->field, whole(*adjust->field), {});
  } else if (const auto* mark = std::get_if<ir::ConnectionMark>(&action)) {
    if (sets_bits(*mark)) {
      assign(ir::kConnectionMark, ~mark->connection_mask, mark->value);
    } else {
      write(ir::kConnectionMark, UINT32_MAX, {});
      write(ir::kPacketMark, UINT32_MAX, {});
    }
  } else if (ir::says_where_tracked(action)) {
    for (const ir::CtState state :
         {ir::CtState::kInvalid, ir::CtState::kNew, ir::CtState::kUntracked})
      write(ir::kCtState, UINT32_MAX, ir::ValueSet::of(static_cast<U128>(state)));
  } else if (const auto* target = std::get_if<ir::OpaqueTarget>(&action)) {
    if (target->writes != nullptr) write(*target->writes, whole(*target->writes), {});
  } else if (const auto* proxy = std::get_if<ir::TransparentProxy>(&action)) {
    assign(ir::kPacketMark, proxy->mark_keep, proxy->mark_flip);
  } else if (const auto* nat = std::get_if<ir::Nat>(&action)) {
    const bool source =
        nat->kind == ir::Nat::Kind::kSnat || nat->kind == ir::Nat::Kind::kMasquerade;
    const ir::Field& address = source ? ir::kSource : ir::kDestination;
    const ir::Field& port = source ? ir::kSourcePort : ir::kDestinationPort;
    if (nat->addresses) {
      write(address, whole(address),
            ir::ValueSet::range(nat->addresses->first.value, nat->addresses->last.value));
    }
    if (nat->ports)
      write(port, whole(port), ir::ValueSet::range(nat->ports->first, nat->ports->last));
  }
}

void Space::ask(const ir::Rule& rule) {
  ask(rule.head.predicate);
  for (const ir::Match& match : rule.matches) ask(match.predicate);
  ask(rule.target.action);
}

void Space::name_unknowns(const ir::Rule& rule, const SameRules& same, RuleNumbers& numbers) {
  const auto other = same.find(&rule);
  const ir::Rule* const known = other == same.end() ? &rule : other->second;
  std::map<std::string, unsigned> times;
  for (const ir::Match& match : rule.matches) {
    for (const ir::Condition& condition : match.predicate) {
      if (!remembers(condition)) continue;
      const size_t number = numbers.try_emplace(known, numbers.size()).first->second;
      const std::string question =
          fmt::format("{} of rule {}, number {}", match.name, number, ++times[match.name]);
      named_.emplace(&condition, question);
      questions_.try_emplace(question);
    }
  }
}

// Dimensions begin where a run of bits begins that is asked for as one, and where one ends that is
// written: a mask that is no prefix would otherwise be thousands of intervals.
void Space::cut() {
  struct Extent {
    std::set<unsigned> starts;
    std::set<std::pair<unsigned, unsigned>> fields;  // first bit, and the one behind the last
  };
  std::map<Region, Extent> regions;
  std::map<std::pair<Region, unsigned>, const ir::Field*> fields;
  for (const Asked& asked : asked_) {
    const ir::Field& field = *asked.constraint->field;
    const ir::Location& location = field.location(family_);
    const Region region{location.base, in_header(location.base) ? 0 : location.offset};
    Extent& extent = regions[region];
    const unsigned first = first_bit(location);
    extent.fields.insert({first, first + location.width});
    extent.starts.insert(first);
    const auto [known, fresh] = fields.emplace(std::pair(region, first), &field);
    if (!fresh && field.location(family_).width > known->second->location(family_).width)
      known->second = &field;
    if (!possible_values(region.first, region.second).empty()) continue;
    for (const Run& run : runs_of(asked.constraint->mask, location.width)) {
      const unsigned start = first + location.width - run.shift - run.width;
      extent.starts.insert(start);
      if (asked.written && run.shift > 0) extent.starts.insert(start + run.width);
    }
    if (asked.written) extent.starts.insert(first + location.width);
  }
  for (const auto& [region, extent] : regions) {
    for (auto start = extent.starts.begin(); start != extent.starts.end(); ++start) {
      unsigned end = *start;
      for (const auto& [from, behind] : extent.fields)
        if (from <= *start) end = std::max(end, behind);
      if (const auto next = std::next(start); next != extent.starts.end())
        end = std::min(end, *next);
      if (end == *start) continue;  // behind the last field
      const auto field = fields.find({region, *start});
      dimensions_.push_back({.kind = Dimension::Kind::kBits,
                             .base = region.first,
                             .key = region.second,
                             .first = static_cast<uint16_t>(*start),
                             .width = static_cast<uint16_t>(end - *start),
                             .field = field == fields.end() ? nullptr : field->second,
                             .question = {},
                             .atoms = {}});
    }
  }
}

std::vector<Segment> Space::segments(const ir::Field& field, U128 mask) const {
  const ir::Location& location = field.location(family_);
  const auto found =
      dimensions_of_.find({location.base, in_header(location.base) ? 0 : location.offset});
  if (found == dimensions_of_.end()) return {};
  std::vector<Segment> segments;
  for (const Run& run : runs_of(mask, location.width)) {
    const unsigned start = first_bit(location) + location.width - run.shift - run.width;
    const unsigned end = start + run.width;
    for (const uint32_t i : found->second) {
      const Dimension& dimension = dimensions_[i];
      if (dimension.first < start || dimension.first >= end) continue;
      const unsigned last = std::min<unsigned>(end, dimension.first + dimension.width);
      segments.push_back({i, last - dimension.first, first_bit(location) + location.width - last});
    }
  }
  return segments;
}

// Atoms begin where a value set begins, and behind where one ends.
void Space::divide() {
  std::vector<std::vector<U128>> starts(dimensions_.size(), std::vector<U128>{0});
  for (const Asked& asked : asked_) {
    const ir::Constraint& constraint = *asked.constraint;
    for (const Segment& segment : segments(*constraint.field, constraint.mask)) {
      const Dimension& dimension = dimensions_[segment.dimension];
      const unsigned below = dimension.width - segment.width;
      for (const ir::Interval& interval : constraint.values.intervals()) {
        for (const U128 end : {interval.first, interval.last}) {
          const U128 digit = end >> segment.shift & low_bits(segment.width);
          starts[segment.dimension].push_back(digit << below);
          if (digit < low_bits(segment.width))
            starts[segment.dimension].push_back((digit + 1) << below);
        }
      }
    }
  }
  for (uint32_t i = 0; i < dimensions_.size(); ++i) {
    Dimension& dimension = dimensions_[i];
    if (dimension.kind != Dimension::Kind::kBits) continue;
    for (const U128 value : possible_values(dimension.base, dimension.key))
      dimension.atoms.push_back({value, value});
    if (!dimension.atoms.empty()) continue;
    std::vector<U128>& all = starts[i];
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    for (size_t k = 0; k < all.size(); ++k) {
      const U128 last = k + 1 < all.size() ? all[k + 1] - 1 : low_bits(dimension.width);
      dimension.atoms.push_back({all[k], last});
    }
  }
}

std::vector<uint32_t> Space::atom_counts() const {
  std::vector<uint32_t> counts;
  for (const Dimension& dimension : dimensions_)
    counts.push_back(static_cast<uint32_t>(dimension.atoms.size()));
  return counts;
}

std::optional<uint32_t> Space::answer(const std::string& question) const {
  const auto found = answers_.find(question);
  if (found == answers_.end()) return std::nullopt;
  return found->second;
}

std::optional<uint32_t> Space::answer(const ir::Condition& condition) const {
  const auto found = named_.find(&condition);
  if (found == named_.end()) return std::nullopt;
  return answer(found->second);
}

uint32_t Space::atom_of(uint32_t dimension, U128 value) const {
  const auto& atoms = dimensions_[dimension].atoms;
  const auto behind = std::ranges::upper_bound(atoms, value, {}, &ir::Interval::first);
  return static_cast<uint32_t>(behind == atoms.begin() ? 0 : behind - atoms.begin() - 1);
}

std::pair<uint32_t, uint32_t> Space::atoms_in(uint32_t dimension,
                                              const ir::Interval& values) const {
  const auto& atoms = dimensions_[dimension].atoms;
  const auto first = std::ranges::lower_bound(atoms, values.first, {}, &ir::Interval::first);
  const auto behind = std::ranges::upper_bound(atoms, values.last, {}, &ir::Interval::last);
  if (first >= behind) return {1, 0};
  return {static_cast<uint32_t>(first - atoms.begin()),
          static_cast<uint32_t>(behind - atoms.begin() - 1)};
}

}  // namespace bulkhead::set
