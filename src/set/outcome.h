// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What can become of a packet: the ends of the diagrams of rules and chains.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "ir/action.h"
#include "set/arena.h"

namespace bulkhead::set {

// A dimension of the packet is given another value: this atom, or one that isn't known. Where two
// rulesets are compared, such a value has a name: what this action makes of what was there, so that
// the same change is known for the same.
struct Write {
  static constexpr uint32_t kUnknown = UINT32_MAX;
  static constexpr uint32_t kNamed = uint32_t{1} << 31;  // from here on: a name's number
  uint32_t dimension = 0;
  uint32_t atom = kUnknown;

  bool known() const { return atom < kNamed; }
  friend auto operator<=>(const Write&, const Write&) = default;
};
using Effect = uint32_t;  // a number of Outcomes: writes to different dimensions
inline constexpr Effect kNoEffect = 0;

// What a target does that no condition asks for is a write to a dimension that no packet has: this
// one and the number of its decision.
inline constexpr uint32_t kFirstTag = uint32_t{1} << 30;
// Written where a rule asked for a value that isn't known, and went more than one way.
inline constexpr uint32_t kDoubt = UINT32_MAX;

enum class Flow : uint8_t {
  kContinue,  // to the next rule
  kReturn,    // out of the chain
  kDecided,   // by the action
  kPending,   // to the next function, changed: only while a Model puts two in sequence
};

struct Outcome {
  Flow flow = Flow::kContinue;
  uint32_t decision = 0;  // of kDecided: which action, a number of Outcomes
  Effect effect = kNoEffect;
  friend auto operator<=>(const Outcome&, const Outcome&) = default;
};

// Interns outcomes and sets of them. A terminal of a function of packets is such a set: the
// outcomes that are possible, more than one where it can't be known. (An end of a set of packets is
// something else: kNothing or kEverything.)
class Outcomes {
 public:
  Outcomes();

  Effect effect(std::vector<Write> writes);  // at most one for a dimension
  std::span<const Write> writes(Effect effect) const { return effects_[effect]; }
  Effect composed(Effect first, Effect then);
  // The same writes; a value that isn't known is what the action makes of the dimensions that it
  // reads (none given: of the whole packet).
  Effect named(Effect effect, const ir::Action& action, std::vector<uint32_t> reads);

  uint32_t decision(const ir::Action& action);
  const ir::Action& action(uint32_t decision) const { return decisions_[decision]; }
  // The action that makes a named value.
  const ir::Action& maker(const Write& write) const {
    return decisions_[names_[write.atom - Write::kNamed].decision];
  }

  Node end(std::vector<Outcome> possible);
  Node end(const Outcome& only) { return end(std::vector{only}); }
  Node decided(const ir::Action& action) {
    return end({Flow::kDecided, decision(action), kNoEffect});
  }
  std::span<const Outcome> possible(Node end) const { return sets_[value_of(end)]; }

  // The union of two ends.
  Node joined(Node a, Node b);

  // Whether there is an outcome of a packet that is changed and goes on.
  bool any_change() const { return any_change_; }

 private:
  struct Name {
    uint32_t decision = 0;
    std::vector<uint32_t> reads;
    Effect before = kNoEffect;  // what of these was written before
    friend auto operator<=>(const Name&, const Name&) = default;
  };
  uint32_t name(Name name);
  Effect part(Effect effect, const std::vector<uint32_t>& dimensions);

  std::vector<std::vector<Write>> effects_;
  std::map<std::vector<Write>, Effect> effect_numbers_;
  std::vector<ir::Action> decisions_;
  std::unordered_multimap<size_t, uint32_t> decision_numbers_;  // by hash
  std::vector<std::vector<Outcome>> sets_;
  std::map<std::vector<Outcome>, Node> set_numbers_;
  std::vector<Name> names_;
  std::map<Name, uint32_t> name_numbers_;
  bool any_change_ = false;
};

// The ends that every Outcomes has: no outcome at all, and only "goes on, unchanged".
inline constexpr Node kImpossible = terminal(0);
inline constexpr Node kGoesOn = terminal(1);

}  // namespace bulkhead::set
