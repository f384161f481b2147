// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/lower.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backend/nft/action.h"
#include "backend/nft/chain_name.h"
#include "backend/nft/connection_template.h"
#include "backend/nft/guard.h"
#include "backend/nft/predicate.h"

namespace bulkhead::backend::nft {
namespace {

// nf_tables' chain types do more than hook: "nat" is asked for the first packet of a connection
// only, "route" looks for a new route after a mangled output packet.
std::string chain_type(const classify::Entry& entry) {
  if (entry.table == "nat") return "nat";
  if (entry.table == "mangle" && entry.hook == ir::Hook::kOutput) return "route";
  return "filter";
}

Chain base_chain(const classify::Entry& entry) {
  Chain chain{.name = base_chain_name(entry.table, entry.chain),
              .base = BaseHook{.type = chain_type(entry),
                               .hook = static_cast<unsigned>(entry.hook),
                               .priority = entry.priority}};
  chain.rules.push_back(
      {.expressions = {Verdict{VerdictCode::kJump, chain_name(entry.table, entry.chain)}}});
  const bool accept = entry.policy == ir::Policy::kAccept;
  chain.rules.push_back(
      {.id = entry.policy_id,
       .expressions = {Counter{},
                       Verdict{accept ? VerdictCode::kAccept : VerdictCode::kDrop, {}}}});
  return chain;
}

// What the chains of a plan have to know of their surroundings.
class Surroundings {
 public:
  explicit Surroundings(const classify::Plan& plan) {
    for (const classify::Chain& chain : plan.chains) {
      chains_.emplace(Name(chain.table, chain.name), &chain);
    }
    for (const classify::Entry& entry : plan.entries) {
      const bool behind = entry.hook == ir::Hook::kInput || entry.hook == ir::Hook::kPostrouting;
      reach(Name(entry.table, entry.chain), behind ? kBehind : kBefore);
    }
    for (const classify::Chain& chain : plan.chains) {
      for (const classify::Step& step : chain.steps)
        changes_packets_ |= ir::changes_packet(step.action);
    }
  }

  // See ActionPlace.
  std::optional<bool> behind_routing(const classify::Chain& chain) const {
    const auto found = reached_.find(Name(chain.table, chain.name));
    if (found == reached_.end()) return false;
    if (found->second == (kBefore | kBehind)) return std::nullopt;
    return found->second == kBehind;
  }
  // The packet may come out of the action as another one.
  bool may_change(const ir::Action& action) const {
    if (std::holds_alternative<ir::Jump>(action)) return changes_packets_;
    return ir::changes_packet(action);
  }

 private:
  using Name = std::pair<std::string_view, std::string_view>;
  static constexpr unsigned kBefore = 1;
  static constexpr unsigned kBehind = 2;

  void reach(Name from, unsigned side) {
    std::vector<Name> open{from};
    while (!open.empty()) {
      const Name name = open.back();
      open.pop_back();
      unsigned& sides = reached_[name];
      if ((sides & side) != 0) continue;
      sides |= side;
      const auto found = chains_.find(name);
      if (found == chains_.end()) continue;  // the kernel will say so
      for (const classify::Step& step : found->second->steps) {
        if (const auto* jump = std::get_if<ir::Jump>(&step.action))
          open.emplace_back(name.first, jump->chain);
      }
    }
  }

  std::map<Name, const classify::Chain*> chains_;
  std::map<Name, unsigned> reached_;
  bool changes_packets_ = false;
};

// The chain, and behind it those that its actions need.
Result<void> lower_chain(const classify::Chain& chain, net::Family family,
                         const Surroundings& surroundings, Guards& guards,
                         std::vector<Chain>& chains) {
  Chain out{.name = chain_name(chain.table, chain.name)};
  std::vector<Chain> of_actions;
  const auto at_fault = [&](Error error) {
    error.message = fmt::format("chain {}: {}", chain.name, error.message);
    return error;
  };
  out.rules.reserve(chain.steps.size());
  guards.start_chain();
  for (const classify::Step& step : chain.steps) {
    auto parts = lower_predicate(step.conditions, family);
    if (!parts) return at_fault(parts.error());
    auto action = lower_action(step.action, {.family = family,
                                             .table = chain.table,
                                             .id = step.id,
                                             .protocol = protocol_asked(step.conditions),
                                             .conditions = step.conditions,
                                             .behind_routing = surroundings.behind_routing(chain)});
    if (!action) return at_fault(action.error());
    for (size_t i = 0; i < parts->size(); ++i) {
      if (!(*parts)[i].check) continue;
      if (auto guard = guards.guard(std::span(*parts).first(i + 1)))
        out.rules.push_back(std::move(*guard));
    }
    Rule rule = join(*parts);
    rule.id = step.id;
    rule.expressions.emplace_back(Counter{});
    std::ranges::move(action->expressions, std::back_inserter(rule.expressions));
    if (action->xt_protocol != 0) rule.xt_protocol = action->xt_protocol;
    out.rules.push_back(std::move(rule));
    if (action->chain) of_actions.push_back(*std::move(action->chain));
    if (surroundings.may_change(step.action)) guards.packet_changed();
  }
  chains.push_back(std::move(out));
  for (Chain& made : of_actions) {
    // A rule that stands in several places does the same in all of them.
    if (std::ranges::find(chains, made.name, &Chain::name) == chains.end())
      chains.push_back(std::move(made));
  }
  return {};
}

}  // namespace

// ir::Hook counts as enum nf_inet_hooks does.
static_assert(static_cast<unsigned>(ir::Hook::kPrerouting) == 0 &&
              static_cast<unsigned>(ir::Hook::kPostrouting) == 4);

Result<Program> lower(const classify::Plan& plan) {
  Program program{.family = plan.family};
  for (const classify::Entry& entry : plan.entries) program.chains.push_back(base_chain(entry));
  const Surroundings surroundings(plan);
  Guards guards;
  for (const classify::Chain& chain : plan.chains) {
    if (auto done = lower_chain(chain, plan.family, surroundings, guards, program.chains); !done)
      return done.error();
  }
  for (unsigned check = 0; check < kChecks; ++check) {
    if (guards.used()[check])
      program.chains.push_back(check_chain(static_cast<Check>(check), plan.family));
  }
  if (auto done = give_templates(plan, program); !done) return done.error();
  return program;
}

}  // namespace bulkhead::backend::nft
