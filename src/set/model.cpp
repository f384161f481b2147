// SPDX-License-Identifier: GPL-2.0-or-later
// Rules and chains as functions of packets.
#include "set/model.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace bulkhead::set {

namespace {

constexpr auto kBehind = static_cast<uint32_t>(Op::kBehind);

bool goes_on(std::span<const Outcome> possible) {
  return std::ranges::any_of(possible,
                             [](const Outcome& it) { return it.flow == Flow::kContinue; });
}

bool handed_over(const ir::Action& action) {
  return std::holds_alternative<ir::OpaqueTarget>(action) ||
         std::holds_alternative<ir::TransparentProxy>(action);
}

bool stops(const ir::Action& action) {
  return std::holds_alternative<ir::Drop>(action) || std::holds_alternative<ir::Reject>(action);
}

}  // namespace

bool may_pass(const Outcome& outcome, const Outcomes& outcomes) {
  return outcome.flow == Flow::kDecided && !stops(outcomes.action(outcome.decision));
}

bool may_stop(const Outcome& outcome, const Outcomes& outcomes) {
  if (outcome.flow != Flow::kDecided) return false;
  const ir::Action& action = outcomes.action(outcome.decision);
  return stops(action) || handed_over(action);
}

namespace {}  // namespace

Model::Model(net::Family family, const std::vector<const ir::Ruleset*>& rulesets,
             const std::vector<ir::Constraint>& more, const ModelOptions& options)
    : space_(family, rulesets, more, options.order, options.named_unknowns, options.same),
      arena_(space_.atom_counts(), options.budget),
      named_(options.named_unknowns) {}

Node Model::connected() {
  return of({&ir::kCtState, UINT32_MAX, ir::ValueSet({{2, 2}, {4, 4}, {8, 8}})});
}

Node Model::invalid() {
  const auto state = static_cast<U128>(ir::CtState::kInvalid);
  return of({&ir::kCtState, UINT32_MAX, ir::ValueSet::of(state)});
}

Effect Model::state(ir::CtState state) {
  return writes_of(ir::kCtState, 0, static_cast<U128>(state));
}

// What the rule's target makes of the packets that match.
Node Model::end_of(const ir::Rule& rule, Node callee) {
  struct Visitor {
    Model& model;
    const ir::Action& action;
    Node callee;

    Node decided() const { return model.outcomes_.decided(action); }
    Node written(Effect effect, const ir::Field& field) const {
      if (effect == kNoEffect) return kGoesOn;  // no bit of it is another one
      return model.outcomes_.end({Flow::kContinue, 0, model.with_consequences(effect, field)});
    }
    Node tagged(Effect effect = kNoEffect) const {
      return model.outcomes_.end(
          {Flow::kContinue, 0, model.outcomes_.composed(effect, model.tag(action))});
    }
    Node operator()(const ir::Continue& it) const { return it.label == 0 ? kGoesOn : tagged(); }
    Node operator()(const ir::Log&) const { return kGoesOn; }
    Node operator()(const ir::NetlinkLog&) const { return kGoesOn; }
    Node operator()(const ir::Trace&) const { return kGoesOn; }
    Node operator()(const ir::Accept&) const { return decided(); }
    Node operator()(const ir::Drop&) const { return decided(); }
    Node operator()(const ir::Reject&) const { return decided(); }
    Node operator()(const ir::Nat&) const { return decided(); }
    Node operator()(const ir::TransparentProxy&) const { return decided(); }
    Node operator()(const ir::Return&) const {
      return model.outcomes_.end({Flow::kReturn, 0, kNoEffect});
    }
    Node operator()(const ir::Jump&) const { return callee; }
    Node operator()(const ir::Assign& it) const {
      return written(model.named(model.writes_of(*it.field, it.keep, it.flip), action, {it.field}),
                     *it.field);
    }
    Node operator()(const ir::Adjust& it) const {
      return written(model.named(model.unknown(*it.field), action, {it.field}), *it.field);
    }
    Node operator()(const ir::ConnectionMark& it) const {
      using Mode = ir::ConnectionMark::Mode;
      if (sets_bits(it)) {
        const U128 keep = low_bits(32) & ~U128{it.connection_mask};
        const Effect effect = model.writes_of(ir::kConnectionMark, keep, it.value);
        return written(model.named(effect, action, {&ir::kConnectionMark}), ir::kConnectionMark);
      }
      const ir::Field& field = it.mode == Mode::kRestore ? ir::kPacketMark : ir::kConnectionMark;
      return written(model.named(model.unknown(field), action,
                                 {&ir::kPacketMark, &ir::kConnectionMark, &ir::kCtState}),
                     field);
    }
    Node operator()(const ir::Untrack&) const {
      return written(model.state(ir::CtState::kUntracked), ir::kCtState);
    }
    Node operator()(const ir::ConnectionSecurityMark&) const { return tagged(); }
    Node operator()(const ir::Zone&) const { return tagged(model.state(ir::CtState::kNew)); }
    Node operator()(const ir::ConnectionTemplate&) const {
      return tagged(model.state(ir::CtState::kNew));
    }
    Node operator()(const ir::StripTcpOptions&) const { return tagged(model.unknown_answers(0)); }
    Node operator()(const ir::OpaqueTarget& it) const {
      Effect effect = it.writes != nullptr
                          ? model.with_consequences(
                                model.named(model.unknown(*it.writes), action, {}), *it.writes)
                          : model.unknown_answers(kNoEffect);
      // Where there is no such option it adds one (xt_TCPMSS.c).
      if (it.name == "TCPMSS") {
        const Effect length = model.named(model.unknown(ir::kLength), action, {&ir::kLength});
        effect = model.outcomes_.composed(effect, length);
      }
      const Node on = tagged(effect);
      return it.decides ? model.outcomes_.joined(on, decided()) : on;
    }
  };
  return std::visit(Visitor{*this, rule.target.action, callee}, rule.target.action);
}

std::vector<uint32_t> Model::written_by(const ir::Rule& rule) {
  std::vector<uint32_t> dimensions;
  std::vector<Node> ends{end_of(rule, kGoesOn)};
  if (writes_by_asking(rule)) {
    for (const Node end : arena_.ends(asking(rule))) ends.push_back(end);
  }
  for (const Node end : ends) {
    for (const Outcome& outcome : outcomes_.possible(end)) {
      for (const Write& write : outcomes_.writes(outcome.effect))
        if (write.dimension < kFirstTag) dimensions.push_back(write.dimension);
    }
  }
  return dimensions;
}

Node Model::function(const ir::Rule& rule, Node callee) {
  Held held = of(rule);
  held.holds = arena_.intersect(held.holds, asked_);
  held.drops = arena_.intersect(held.drops, asked_);
  // Where there is no connection nothing is marked (connmark_tg of the kernel's xt_connmark.c).
  if (std::holds_alternative<ir::ConnectionMark>(rule.target.action))
    held.holds = arena_.intersect(held.holds, connected());
  // Nor does what has a connection, or is untracked, get another one (xt_CT.c).
  if (ir::says_where_tracked(rule.target.action))
    held.holds = arena_.intersect(held.holds, invalid());
  Node function = guarded(held.holds, end_of(rule, callee));
  if (!held.sure) function = joined(function, kGoesOn);
  if (writes_by_asking(rule)) function = sequence(asking(rule), function);
  if (held.drops == kNothing) return function;
  Node dropped = guarded(held.drops, outcomes_.decided(ir::Drop{}));
  if (!held.drops_sure) dropped = joined(dropped, kGoesOn);
  return sequence(dropped, function);
}

Node Model::concerned(const ir::Rule& rule) {
  const Held held = of(rule);
  const Node packets = arena_.unite(held.holds, held.drops);
  if (!writes_by_asking(rule)) return packets;
  const Node changed = where(asking(rule), [](std::span<const Outcome> possible) {
    return std::ranges::any_of(possible, [](const Outcome& it) { return it != Outcome{}; });
  });
  return arena_.unite(packets, changed);
}

// What the conditions of the rule do by being asked, to packets that come so far. Its own answers
// are those of the packet as it was, or not known at all.
Node Model::asking(const ir::Rule& rule) {
  Node result = kGoesOn;
  Held so_far;
  const auto take = [&](const ir::Condition& condition) {
    if (const auto* opaque = std::get_if<ir::Opaque>(&condition)) {
      const Effect effect = written_by_asking(*opaque);
      if (effect != kNoEffect) {
        Node writes = guarded(arena_.intersect(so_far.holds, asked_),
                              outcomes_.end({Flow::kContinue, 0, effect}));
        if (!named_ || !so_far.sure) writes = joined(writes, kGoesOn);
        result = sequence(result, writes);
      }
    }
    ask(so_far, condition);
  };
  for (const ir::Condition& condition : rule.head.predicate) take(condition);
  for (const ir::Match& match : rule.matches)
    for (const ir::Condition& condition : match.predicate) take(condition);
  return result;
}

Node Model::guarded(Node set, Node function) {
  struct Guard {
    Answer operator()(Node a, Node b) const {
      if (a == kNothing || b == kGoesOn) return kGoesOn;
      if (a == kEverything) return b;
      return kOpen;
    }
    Answer left(Node a) const { return a == kNothing ? Answer(kGoesOn) : kOpen; }
    Answer right(Node b) const { return b == kGoesOn ? Answer(kGoesOn) : kOpen; }
  };
  return arena_.apply(Op::kGuard, Guard{}, set, function);
}

Node Model::joined(Node a, Node b) {
  struct Join {
    Outcomes& outcomes;
    Answer operator()(Node x, Node y) const {
      if (x == y || y == kImpossible) return x;
      if (x == kImpossible) return y;
      if (is_terminal(x) && is_terminal(y)) return outcomes.joined(x, y);
      return kOpen;
    }
    Answer left(Node) const { return kOpen; }
    Answer right(Node) const { return kOpen; }
  };
  return arena_.apply(Op::kJoin, Join{outcomes_}, std::min(a, b), std::max(a, b));
}

Node Model::join_all(std::span<const Node> functions) {
  Node all = kImpossible;
  for (const Node each : functions) all = joined(all, each);
  return all;
}

Node Model::behind(Effect effect, Node function) {
  if (effect == kNoEffect) return function;
  if (is_terminal(function)) {
    std::vector<Outcome> changed(outcomes_.possible(function).begin(),
                                 outcomes_.possible(function).end());
    for (Outcome& outcome : changed) outcome.effect = outcomes_.composed(effect, outcome.effect);
    return outcomes_.end(std::move(changed));
  }
  if (arena_.exhausted()) return kNothing;
  if (const auto known = arena_.recall(kBehind, effect, function)) return *known;
  const uint32_t dimension = arena_.dimension(function);
  const auto writes = outcomes_.writes(effect);
  const auto write = std::ranges::find(writes, dimension, &Write::dimension);
  const bool written = write != writes.end();
  const bool known = written && write->known();
  const uint32_t atom = written ? write->atom : 0;
  const std::vector<Edge> edges(arena_.edges(function).begin(), arena_.edges(function).end());

  Node result = kImpossible;
  if (known) {
    result = behind(effect, std::ranges::lower_bound(edges, atom, {}, &Edge::last)->child);
  } else {
    std::vector<Edge> changed;
    std::vector<Node> children;
    for (const Edge& edge : edges) {
      children.push_back(behind(effect, edge.child));
      changed.push_back({edge.last, children.back()});
    }
    result = written ? join_all(children) : arena_.node(dimension, changed);
    const auto other = [&](Node child) { return child != children.front(); };
    if (written && named_ && std::ranges::any_of(children, other)) result = doubted(result);
  }
  arena_.remember(kBehind, effect, function, result);
  return result;
}

Node Model::doubted(Node function) {
  const Effect doubt = outcomes_.effect({{kDoubt, 0}});
  return each_end(function, [&](Outcome& outcome) {
    outcome.effect = outcomes_.composed(outcome.effect, doubt);
  });
}

// What goes on unchanged meets the second function there and then, on the way down both diagrams.
// What goes on changed must meet it as another packet: that is put off, and then looked up in the
// second function as it is behind those writes, which asks for none of what was written.
Node Model::sequence(Node first, Node then) {
  struct Sequence {
    Model& model;
    bool changes;
    Answer operator()(Node a, Node b) const {
      if (a == kGoesOn) return b;
      // Here `then` may do nothing, and something behind the writes of `a`.
      if (!is_terminal(a)) return b == kGoesOn && !changes ? Answer(a) : kOpen;
      const auto seen = model.outcomes_.possible(a);
      if ((b == kGoesOn && !changes) || !goes_on(seen)) return a;
      bool unchanged = false;
      std::vector<Outcome> others(seen.begin(), seen.end());
      std::erase_if(others, [&](Outcome& outcome) {
        if (outcome.flow != Flow::kContinue) return false;
        if (outcome.effect != kNoEffect) outcome.flow = Flow::kPending;
        unchanged |= outcome.effect == kNoEffect;
        return outcome.effect == kNoEffect;
      });
      const Node rest = model.outcomes_.end(std::move(others));
      return unchanged ? model.joined(rest, b) : rest;
    }
    Answer left(Node a) const {
      const bool ends = is_terminal(a) && a != kGoesOn && !goes_on(model.outcomes_.possible(a));
      return ends ? Answer(a) : kOpen;
    }
    Answer right(Node) const { return kOpen; }
  };
  if (then == kGoesOn) return first;
  Node result = arena_.apply(Op::kSequence, Sequence{*this, outcomes_.any_change()}, first, then);
  if (!outcomes_.any_change()) return result;
  std::set<Effect> pending;
  for (const Node end : arena_.ends(result)) {
    for (const Outcome& outcome : outcomes_.possible(end))
      if (outcome.flow == Flow::kPending) pending.insert(outcome.effect);
  }
  if (pending.empty()) return result;
  const std::vector<Effect> effects(pending.begin(), pending.end());
  const auto settled = [](const Outcome& outcome) { return outcome.flow != Flow::kPending; };
  return joined(keeping(result, settled), resolved(result, effects, then));
}

// The function's outcomes for which `wanted` says yes.
template <class Wanted> Node Model::keeping(Node function, const Wanted& wanted) {
  return arena_.transform(function, [&](Node node) -> std::optional<Node> {
    if (!is_terminal(node)) return std::nullopt;
    const auto possible = outcomes_.possible(node);
    std::vector<Outcome> left;
    std::ranges::copy_if(possible, std::back_inserter(left), wanted);
    return outcomes_.end(std::move(left));
  });
}

// What was put off with one of these effects is what `then` says of the packet behind it. Halves of
// the effects are looked at apart, for a thousand of them would each go through the whole function.
Node Model::resolved(Node function, std::span<const Effect> effects, Node then) {
  const auto among = [&](const Outcome& outcome) {
    return outcome.flow == Flow::kPending && std::ranges::binary_search(effects, outcome.effect);
  };
  const Node part = keeping(function, among);
  if (effects.size() > 1) {
    const size_t half = effects.size() / 2;
    return joined(resolved(part, effects.first(half), then),
                  resolved(part, effects.subspan(half), then));
  }
  struct Replace {
    Answer operator()(Node a, Node b) const {
      if (a == kImpossible) return a;
      return is_terminal(a) ? Answer(b) : kOpen;
    }
    Answer left(Node a) const { return a == kImpossible ? Answer(a) : kOpen; }
    Answer right(Node) const { return kOpen; }
  };
  return arena_.apply(Op::kReplace, Replace{}, part, behind(effects.front(), then));
}

Node Model::sequence_all(std::vector<Node> functions) {
  if (functions.empty()) return kGoesOn;
  for (; functions.size() > 1; functions.resize((functions.size() + 1) / 2)) {
    for (size_t i = 0; i + 1 < functions.size(); i += 2)
      functions[i / 2] = sequence(functions[i], functions[i + 1]);
    if (functions.size() % 2 != 0) functions[functions.size() / 2] = functions.back();
  }
  return functions.front();
}

Node Model::called(Node function, bool is_goto) {
  return each_end(function, [&](Outcome& outcome) {
    if (outcome.flow != Flow::kDecided) outcome.flow = is_goto ? Flow::kReturn : Flow::kContinue;
  });
}

Node Model::with_policy(Node function, const ir::Action& policy) {
  const uint32_t decision = outcomes_.decision(policy);
  return each_end(function, [&](Outcome& outcome) {
    if (outcome.flow != Flow::kDecided) outcome = {Flow::kDecided, decision, outcome.effect};
  });
}

Node Model::only(Node set, Node function) {
  struct Only {
    Answer operator()(Node a, Node b) const {
      if (a == kNothing || b == kImpossible) return kImpossible;
      if (a == kEverything) return b;
      return kOpen;
    }
    Answer left(Node a) const { return a == kNothing ? Answer(kImpossible) : kOpen; }
    Answer right(Node b) const { return b == kImpossible ? Answer(kImpossible) : kOpen; }
  };
  return arena_.apply(Op::kOnly, Only{}, set, function);
}

Node Model::differing(Node a, Node b) {
  struct Differs {
    Answer operator()(Node x, Node y) const {
      if (x == y) return kNothing;
      if (is_terminal(x) && is_terminal(y)) return kEverything;
      return kOpen;
    }
    Answer left(Node) const { return kOpen; }
    Answer right(Node) const { return kOpen; }
  };
  return arena_.apply(Op::kDiffers, Differs{}, std::min(a, b), std::max(a, b));
}

}  // namespace bulkhead::set
