// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Rulesets as functions of packets: conditions become sets, rules and chains become diagrams whose
// ends say what can become of a packet.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/ruleset.h"
#include "set/arena.h"
#include "set/outcome.h"
#include "set/space.h"

namespace bulkhead::set {

struct ModelOptions {
  Order order = Order::kAddressesFirst;
  Budget budget;
  // What only the kernel knows and remembers (a limit, a recent list) is an unknown each time that
  // it is asked, so a claim must hold whichever way it falls. True: the same rule has the same
  // answer in both rulesets, which is what a comparison of two wants. What a target writes and
  // can't be known then has a name, too (Write), and where a rule asks for it and goes more than
  // one way, the outcomes say so (kDoubt).
  bool named_unknowns = false;
  SameRules same = {};
};

class Model {
 public:
  // All rulesets of one family. `more`: constraints that are asked besides.
  Model(net::Family family, const std::vector<const ir::Ruleset*>& rulesets,
        const std::vector<ir::Constraint>& more, const ModelOptions& options);

  const Space& space() const { return space_; }
  Arena& arena() { return arena_; }
  Outcomes& outcomes() { return outcomes_; }
  bool exhausted() const { return arena_.exhausted(); }

  // --- sets
  Node of(const ir::Constraint& constraint);
  Node of_shapes(std::initializer_list<Shape> shapes);
  Node of_atoms(uint32_t dimension, const std::vector<bool>& atoms);
  // Packets that can be at the hook: what has no interface there has none (at POSTROUTING what was
  // forwarded has both), and no packet is shorter than its headers.
  Node at_hook(ir::Hook hook);

  // The packets of which a predicate holds.
  struct Held {
    Node holds = kEverything;
    bool sure = true;       // false: a condition that can't be known decides, too
    Node drops = kNothing;  // of these the asking drops the packet: their header is cut off
    bool drops_sure = true;
  };
  Held of(const ir::Rule& rule);

  // --- functions
  // From here on rules are only asked of these packets; others go on as if there were no rule.
  // Needs a set that doesn't depend on what the rules write.
  void only_ask_of(Node packets) { asked_ = packets; }
  // The dimensions of packets that the rule's target may write.
  std::vector<uint32_t> written_by(const ir::Rule& rule);
  // What the rule does; `callee`: the function of the chain that it calls, if it calls one, as
  // called() gives it.
  Node function(const ir::Rule& rule, Node callee = kGoesOn);
  Node sequence(Node first, Node then);  // what the first one doesn't decide, the second does
  Node sequence_all(std::vector<Node> functions);  // as a tree of pairs
  Node joined(Node a, Node b);                     // what either of them may do
  Node guarded(Node set, Node function);           // goes on outside the set
  // A called chain's function as its caller sees it: what comes out of its end goes on.
  Node called(Node function, bool is_goto);
  // A built-in chain's: what comes out of its end, or returns, meets the policy.
  Node with_policy(Node function, const ir::Action& policy);
  // What is said of packets outside the set is taken back: no outcome is possible there.
  Node only(Node set, Node function);
  // The function with each of its outcomes changed. Change: (Outcome&) -> void.
  template <class Change> Node each_end(Node function, const Change& change) {
    return arena_.transform(function, [&](Node node) -> std::optional<Node> {
      if (!is_terminal(node)) return std::nullopt;
      const auto seen = outcomes_.possible(node);
      std::vector<Outcome> changed(seen.begin(), seen.end());
      for (Outcome& outcome : changed) change(outcome);
      return outcomes_.end(std::move(changed));
    });
  }
  // Where the two differ in what can become of a packet.
  Node differing(Node a, Node b);
  // Packets of whose ends `wanted` says yes.
  template <class Wanted> Node where(Node function, const Wanted& wanted) {
    return arena_.transform(function, [&](Node node) -> std::optional<Node> {
      if (!is_terminal(node)) return std::nullopt;
      return wanted(outcomes_.possible(node)) ? kEverything : kNothing;
    });
  }
  // What a translation writes: a single address or port, else one that isn't known. Of none: any
  // address and any port.
  Effect translation(const std::optional<ir::Nat>& nat);
  // What a program may write that the action hands the packet to (NFQUEUE, TPROXY), before it goes
  // on; nothing of another action.
  Effect handed_over(const ir::Action& action);
  // Any value of the field.
  Effect unknown(const ir::Field& field);
  // The kernel's own matches that may answer otherwise where the packet comes to this hook from the
  // one before it on its way, though no rule has changed it.
  Effect coming_to(ir::Hook hook);
  // The packet takes another route, whose interface isn't known.
  Effect rerouted(Effect effect);
  // Questions that only connection tracking answers may be answered otherwise.
  Effect before_conntrack(Effect effect);
  // Whether a condition of the rule changes something by being asked (connlabel --set).
  bool writes_by_asking(const ir::Rule& rule) const;
  // The packets with which the rule may do something: that it matches, that its asking drops or
  // changes.
  Node concerned(const ir::Rule& rule);
  // The targets that the packet has met which change nothing that a condition asks for.
  std::vector<ir::Action> tags(Effect effect) const;
  // Before a function, writes: what it says of the packet as it is then.
  Node behind(Effect effect, Node function);

 private:
  Node of_digits(const std::vector<Segment>& segments, U128 first, U128 last, U128 mask);
  Node of_question(const std::string& question, bool negated);
  void ask(Held& held, const ir::Condition& condition);
  Node end_of(const ir::Rule& rule, Node callee);
  Effect writes_of(const ir::Field& field, U128 keep, U128 flip);
  Effect unknown_answers(Effect effect);
  template <class Wanted> Effect unknown_where(Effect effect, const Wanted& wanted);
  Effect with_consequences(Effect effect, const ir::Field& field);
  Effect written_by_asking(const ir::Opaque& opaque);
  Node connected();
  Node invalid();
  Effect state(ir::CtState state);
  Node asking(const ir::Rule& rule);
  Effect tag(const ir::Action& action);
  Effect named(Effect effect, const ir::Action& action,
               std::initializer_list<const ir::Field*> reads);
  Node doubted(Node function);
  template <class Wanted> Node keeping(Node function, const Wanted& wanted);
  Node resolved(Node function, std::span<const Effect> effects, Node then);
  Node join_all(std::span<const Node> functions);

  Space space_;
  Arena arena_;
  Outcomes outcomes_;
  bool named_;
  Node asked_ = kEverything;
};

// Whether an outcome lets the packet pass this table, and whether it stops it: a packet that is
// handed to somebody else (NFQUEUE, TPROXY) may be either.
bool may_pass(const Outcome& outcome, const Outcomes& outcomes);
bool may_stop(const Outcome& outcome, const Outcomes& outcomes);

}  // namespace bulkhead::set
