// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/host_functions.h"

#include <algorithm>
#include <span>
#include <vector>

#include "ir/constraints.h"
#include "set/witness.h"

namespace bulkhead::pass {

namespace {

using set::Flow;
using set::Node;
using set::Outcome;

// NF_IP_PRI_CONNTRACK of linux/netfilter_ipv4.h.
constexpr int32_t kConntrackPriority = -200;

std::span<const ir::Hook> hooks_of(net::Direction direction) {
  static constexpr ir::Hook kInput[] = {ir::Hook::kPrerouting, ir::Hook::kInput};
  static constexpr ir::Hook kForward[] = {ir::Hook::kPrerouting, ir::Hook::kForward,
                                          ir::Hook::kPostrouting};
  static constexpr ir::Hook kOutput[] = {ir::Hook::kOutput, ir::Hook::kPostrouting};
  switch (direction) {
    case net::Direction::kInput: return kInput;
    case net::Direction::kForward: return kForward;
    case net::Direction::kOutput: break;
  }
  return kOutput;
}

ir::ValueSet states(std::initializer_list<ir::CtState> which) {
  ir::ValueSet values;
  for (const ir::CtState state : which)
    values = values.united(ir::ValueSet::of(static_cast<U128>(state)));
  return values;
}

// Whether a rule before routing asks for the field or writes it.
bool is_known_before_routing(const ir::Ruleset& rules, const ir::Field& field) {
  bool known = false;
  for (const ir::Table& table : rules.tables) {
    if (table.find("PREROUTING") == nullptr) continue;
    ir::for_each_constraint(table, [&](const ir::Constraint& it) { known |= it.field == &field; });
    for (const ir::Chain& chain : table.chains) {
      for (const ir::Rule& rule : chain.rules) {
        const auto* set = std::get_if<ir::Assign>(&rule.target.action);
        const auto* changed = std::get_if<ir::Adjust>(&rule.target.action);
        known |= (set != nullptr && set->field == &field) ||
                 (changed != nullptr && changed->field == &field);
      }
    }
  }
  return known;
}

}  // namespace

bool translates(const ir::Table& table) {
  return std::ranges::any_of(table.chains, [](const ir::Chain& chain) {
    return std::ranges::any_of(chain.rules, [](const ir::Rule& rule) {
      return std::holds_alternative<ir::Nat>(rule.target.action);
    });
  });
}

HostFunctions::HostFunctions(set::Model& model, const ir::Ruleset& rules)
    : model_(model), rules_(rules) {
  for (const ir::Table& table : rules.tables) tables_.try_emplace(table.name, model, table);
}

set::Node HostFunctions::at(const std::string& table, ir::Hook hook) {
  const ir::Table* there = rules_.find(table);
  const ir::BuiltinTable* builtin = ir::builtin_table(table);
  const Node passes = model_.outcomes().decided(ir::Accept{});
  if (there == nullptr) return passes;
  const auto at = std::ranges::find(builtin->chains, hook, &ir::BuiltinChain::hook);
  if (at == builtin->chains.end()) return passes;
  const Node function = tables_.at(table).decided(*there->find(at->name));
  return at->priority <= kConntrackPriority ? before_conntrack(function) : function;
}

// A chain that the packet meets before connection tracking does: to its conditions every packet is
// invalid, and what only a connection can answer isn't known. What it leaves behind is the packet's
// own state, unless it is untracked from there on, and no mark on a connection, which would be the
// template's. What comes through lo has its connection already, from OUTPUT.
set::Node HostFunctions::before_conntrack(Node function) {
  set::Outcomes& outcomes = model_.outcomes();
  const set::Space& space = model_.space();
  const uint32_t state = space.segments(ir::kCtState).front().dimension;
  const auto state_write = [&](ir::CtState it) {
    return set::Write{state, space.atom_of(state, static_cast<U128>(it))};
  };
  const set::Write invalid = state_write(ir::CtState::kInvalid);
  const set::Write untracked = state_write(ir::CtState::kUntracked);
  const auto of_template = [&](const set::Write& write) {
    return write.dimension == state ? write != untracked
                                    : std::ranges::any_of(space.segments(ir::kConnectionMark),
                                                          [&](const set::Segment& it) {
                                                            return it.dimension == write.dimension;
                                                          });
  };
  const set::Effect without = model_.before_conntrack(outcomes.effect({invalid}));
  const std::vector<set::Write> meanwhile(outcomes.writes(without).begin(),
                                          outcomes.writes(without).end());
  const Node seen = model_.behind(without, function);
  const Node fresh = model_.arena().transform(seen, [&](Node node) -> std::optional<Node> {
    if (!set::is_terminal(node)) return std::nullopt;
    std::vector<Outcome> possible(outcomes.possible(node).begin(), outcomes.possible(node).end());
    for (Outcome& outcome : possible) {
      std::vector<set::Write> writes(outcomes.writes(outcome.effect).begin(),
                                     outcomes.writes(outcome.effect).end());
      std::erase_if(writes, [&](const set::Write& write) {
        return of_template(write) || std::ranges::find(meanwhile, write) != meanwhile.end();
      });
      outcome.effect = outcomes.effect(std::move(writes));
    }
    return outcomes.end(std::move(possible));
  });
  return model_.sequence(model_.guarded(model_.arena().complement(through_lo()), fresh),
                         model_.guarded(through_lo(), function));
}

set::Node HostFunctions::through_lo() {
  return model_.of({&ir::kInInterface, kU128Max, ir::ValueSet::of(set::interface_value("lo"))});
}

// What happens between two hooks apart from the rules: a router counts the time to live down, and
// fragments are put together. What no rule has seen before needs no other value.
set::Effect HostFunctions::coming_to(ir::Hook hook) {
  const bool ip4 = rules_.family == net::Family::kIpv4;
  set::Effect effect = model_.coming_to(hook);
  const auto changed = [&](const ir::Field& field) {
    if (is_known_before_routing(rules_, field))
      effect = model_.outcomes().composed(effect, model_.unknown(field));
  };
  if (hook == ir::Hook::kForward) changed(ir::kHopLimit);
  if (hook == ir::Hook::kInput && ip4) changed(ir::kLength);
  return effect;
}

// A chain as a step of the way: what it lets pass goes on, changed.
set::Node HostFunctions::stage(const ir::Table& table, const ir::BuiltinChain& builtin,
                               net::Direction direction) {
  set::Outcomes& outcomes = model_.outcomes();
  const auto on = [&](Node function) {
    return model_.arena().transform(function, [&](Node node) -> std::optional<Node> {
      if (!set::is_terminal(node)) return std::nullopt;
      std::vector<Outcome> possible(outcomes.possible(node).begin(), outcomes.possible(node).end());
      std::vector<Outcome> behind;
      for (const Outcome& outcome : possible) {
        const ir::Action action = outcomes.action(outcome.decision);
        const bool stopped = set::may_stop(outcome, outcomes);
        if (stopped && set::may_pass(outcome, outcomes))
          behind.push_back({Flow::kDecided, outcomes.decision(ir::Drop{}), outcome.effect});
        if (stopped && !set::may_pass(outcome, outcomes)) {
          behind.push_back(outcome);
          continue;
        }
        const auto* nat = std::get_if<ir::Nat>(&action);
        set::Effect effect = outcomes.composed(
            outcome.effect, nat == nullptr ? model_.handed_over(action) : model_.translation(*nat));
        if (builtin.hook == ir::Hook::kOutput) effect = model_.rerouted(effect);
        behind.push_back({Flow::kContinue, 0, effect});
        // To an address that may be another host's: the packet never comes to INPUT then.
        const bool away = nat != nullptr && nat->kind != ir::Nat::Kind::kRedirect &&
                          direction == net::Direction::kInput &&
                          builtin.hook == ir::Hook::kPrerouting;
        if (away) behind.push_back({Flow::kDecided, outcomes.decision(ir::Drop{}), effect});
      }
      return outcomes.end(std::move(behind));
    });
  };
  Node function = on(at(table.name, builtin.hook));
  if (table.name != "nat") return function;
  // Translations turn connection tracking on. Without it nat isn't asked, and other rules are not
  // looked at here for whether they do it.
  if (!translates(table)) function = model_.joined(function, set::kGoesOn);
  // What comes through lo was translated, or not, when it was sent (nf_nat_initialized).
  if (builtin.hook == ir::Hook::kPrerouting || builtin.hook == ir::Hook::kInput)
    function = model_.guarded(model_.arena().complement(through_lo()), function);

  // Only the first packet of a connection meets the nat table: of those that are related not an
  // error about one that is there. Those behind it are translated as their connection is, which
  // isn't known here.
  const auto of_state = [&](std::initializer_list<ir::CtState> which) {
    return model_.of({&ir::kCtState, UINT32_MAX, states(which)});
  };
  const Node first = model_.sequence(
      model_.guarded(of_state({ir::CtState::kRelated}), model_.joined(function, set::kGoesOn)),
      model_.guarded(of_state({ir::CtState::kNew}), function));
  if (!translates(table)) return first;
  const Node later = model_.guarded(
      of_state({ir::CtState::kEstablished, ir::CtState::kRelated}),
      model_.joined(set::kGoesOn, outcomes.end({Flow::kContinue, 0, model_.translation({})})));
  return model_.sequence(first, later);
}

set::Node HostFunctions::with_effects(set::Node function,
                                      const std::function<set::Effect(set::Effect)>& changed) {
  set::Outcomes& outcomes = model_.outcomes();
  return model_.arena().transform(function, [&](Node node) -> std::optional<Node> {
    if (!set::is_terminal(node)) return std::nullopt;
    std::vector<Outcome> possible(outcomes.possible(node).begin(), outcomes.possible(node).end());
    for (Outcome& outcome : possible) outcome.effect = changed(outcome.effect);
    return outcomes.end(std::move(possible));
  });
}

// A stage and what comes behind it. What was written is of no interest in the end, so writes behind
// which `rest` is the same function become one: of thousands of translations, few are left.
set::Node HostFunctions::followed(set::Node stage, set::Node rest) {
  const auto forget = [&](Node function) {
    return with_effects(function, [](set::Effect) { return set::kNoEffect; });
  };
  std::map<Node, set::Effect> first_with{{rest, set::kNoEffect}};
  std::map<set::Effect, set::Effect> same_as;
  const Node few = with_effects(stage, [&](set::Effect effect) {
    const auto [known, fresh] = same_as.emplace(effect, set::kNoEffect);
    if (fresh)
      known->second = first_with.emplace(forget(model_.behind(effect, rest)), effect).first->second;
    return known->second;
  });
  return forget(model_.sequence(few, rest));
}

set::Node HostFunctions::on_the_way(net::Direction direction, Written written) {
  std::vector<Node> stages;
  for (const ir::Hook hook : hooks_of(direction)) {
    if (hook != hooks_of(direction).front())
      stages.push_back(model_.outcomes().end({Flow::kContinue, 0, coming_to(hook)}));
    std::vector<std::pair<int32_t, Node>> here;
    for (const ir::Table& table : rules_.tables) {
      for (const ir::BuiltinChain& chain : ir::builtin_table(table.name)->chains) {
        if (chain.hook == hook) here.emplace_back(chain.priority, stage(table, chain, direction));
      }
    }
    std::ranges::stable_sort(here, {}, &std::pair<int32_t, Node>::first);
    for (const auto& [priority, function] : here) stages.push_back(function);
  }
  Node rest = set::kGoesOn;
  for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage)
    rest = written == Written::kKept ? model_.sequence(*stage, rest) : followed(*stage, rest);
  return model_.with_policy(rest, ir::Accept{});
}

}  // namespace bulkhead::pass
