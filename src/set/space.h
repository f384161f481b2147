// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What the packets of an analysis can differ in: only what its rules ask for, in values that they
// tell apart.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ir/ruleset.h"
#include "ir/value_set.h"

namespace bulkhead::set {

// How much of a packet's transport header is there.
enum class Shape : uint8_t {
  kWhole,
  kPortsOnly,     // cut off behind its first four bytes
  kCutOff,        // before that
  kSecondBlock,   // a later fragment that begins at byte 8: TCP's flags would be overwritten
  kLaterFragment  // any other
};

// One coordinate of a packet: some bits of it, its Shape, or how it answers to a question that only
// the kernel can put.
struct Dimension {
  enum class Kind : uint8_t { kBits, kShape, kAnswer };
  Kind kind = Kind::kBits;
  ir::Base base = ir::Base::kNone;  // kBits: as in ir::Location; `key` is that of kMeta,
                                    // kConntrack and kRoute
  uint16_t key = 0;
  uint16_t first = 0;                // the first bit
  uint16_t width = 0;                // in bits
  const ir::Field* field = nullptr;  // one that begins here, for words
  std::string question;              // kAnswer: what is asked, in words
  std::optional<ir::Opaque> match;   // kAnswer: the match, if it looks at nothing but the packet
  bool remembers = false;            // kAnswer: of a condition with a memory
  std::vector<ir::Interval> atoms;   // in order; values that no rule tells apart
};

// Which fields stand next to each other at the top of the diagrams: no order is best for all rules.
enum class Order : uint8_t { kAddressesFirst, kPortsFirst, kDestinationFirst };
inline constexpr Order kOrders[] = {Order::kAddressesFirst, Order::kPortsFirst,
                                    Order::kDestinationFirst};

// The part of a field that lies in one dimension.
struct Segment {
  uint32_t dimension = 0;
  unsigned width = 0;  // bits from the dimension's first on
  unsigned shift = 0;  // of these bits in the field's value
};

// Whether the answer depends on what came before.
bool remembers(const ir::Condition& condition);

// Whether each bit of the connection's mark is kept, flipped or set, whatever the others are.
bool sets_bits(const ir::ConnectionMark& it);

// For rules of one ruleset those of another that they are, with the same conditions.
using SameRules = std::unordered_map<const ir::Rule*, const ir::Rule*>;

class Space {
 public:
  // Every rule of the rulesets, all of one family, and what else is to be asked. Of the rules it
  // keeps no reference but their fields, which live for ever. named_unknowns: conditions with a
  // memory are questions too, each rule's its own but for those that are the same rule.
  Space(net::Family family, const std::vector<const ir::Ruleset*>& rulesets,
        const std::vector<ir::Constraint>& more, Order order, bool named_unknowns,
        const SameRules& same);

  net::Family family() const { return family_; }
  const std::vector<Dimension>& dimensions() const { return dimensions_; }
  std::vector<uint32_t> atom_counts() const;

  uint32_t shape() const { return shape_; }
  // Of an opaque match that is a question of its own; `question` names it.
  std::optional<uint32_t> answer(const std::string& question) const;
  // Of a condition of one of the rules, with a memory.
  std::optional<uint32_t> answer(const ir::Condition& condition) const;
  // The dimensions that hold the bits of the field under the mask, most significant first.
  std::vector<Segment> segments(const ir::Field& field, U128 mask) const;
  std::vector<Segment> segments(const ir::Field& field) const {
    return segments(field, low_bits(field.location(family_).width));
  }
  uint32_t atom_of(uint32_t dimension, U128 value) const;
  // The atoms that lie in the interval; first > last where there is none.
  std::pair<uint32_t, uint32_t> atoms_in(uint32_t dimension, const ir::Interval& values) const;

 private:
  using Region = std::pair<ir::Base, uint16_t>;  // base, key
  using RuleNumbers = std::unordered_map<const ir::Rule*, size_t>;
  struct Asked {
    const ir::Constraint* constraint = nullptr;
    bool written = false;  // by a target: ends of its bits count, too
  };

  void ask(const ir::Rule& rule);
  void name_unknowns(const ir::Rule& rule, const SameRules& same, RuleNumbers& numbers);
  void ask(const ir::Predicate& predicate);
  void ask(const ir::Constraint& constraint, bool written);
  void ask(const ir::Action& action);
  void write(const ir::Field& field, U128 mask, const ir::ValueSet& values);
  void cut();
  void divide();

  net::Family family_;
  std::vector<Dimension> dimensions_;
  std::map<Region, std::vector<uint32_t>> dimensions_of_;  // by their first bits
  std::map<std::string, uint32_t> answers_;
  std::unordered_map<const ir::Condition*, std::string> named_;
  uint32_t shape_ = 0;
  // While it is being built.
  std::vector<Asked> asked_;
  std::deque<ir::Constraint> made_;
  std::map<std::string, std::optional<ir::Opaque>> questions_;
};

// The runs of ones in a mask of `width` bits, from the most significant on.
struct Run {
  unsigned shift = 0;  // of its least significant bit
  unsigned width = 0;
};
std::vector<Run> runs_of(U128 mask, unsigned width);

// The question that an opaque match or a TCP option is; the same for all that mean the same.
std::string question_of(const ir::Opaque& opaque);
std::string question_of(const ir::Header& header);

}  // namespace bulkhead::set
