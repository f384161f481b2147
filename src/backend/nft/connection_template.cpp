// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/connection_template.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backend/nft/asked_again.h"
#include "backend/nft/chain_name.h"
#include "backend/nft/constraint.h"
#include "backend/nft/predicate.h"

namespace bulkhead::backend::nft {
namespace {

constexpr std::string_view kRaw = "raw";
constexpr int32_t kBehindTracking = NF_IP_PRI_CONNTRACK + 1;

// Of a packet that has no connection, or one that isn't to be tracked, neither can be read.
std::vector<Expr> is_unconfirmed(net::Family family) {
  return *lower(ir::Constraint{&ir::kCtStatus, IPS_CONFIRMED, ir::ValueSet::of(0)}, family);
}
std::vector<Expr> is_new(net::Family family) {
  return *lower(ir::Constraint{&ir::kCtState, kU128Max,
                               ir::ValueSet::of(static_cast<uint32_t>(ir::CtState::kNew))},
                family);
}

const ir::ConnectionTemplate* template_of(const classify::Step& step) {
  return std::get_if<ir::ConnectionTemplate>(&step.action);
}

// Gives the helper, but to a connection that another helper expected: iptables gives it none
// (init_conntrack of net/netfilter/nf_conntrack_core.c). Then ends the walk.
Chain giving_chain(const ir::ConnectionTemplate& made, net::Family family) {
  Chain chain{.name = giving_chain_name(made.helper, made.protocol)};
  Rule give{.id = ir::kNoId, .expressions = is_new(family)};
  give.expressions.emplace_back(GiveHelper{helper_name(made.helper, made.protocol)});
  chain.rules.push_back(std::move(give));
  chain.rules.push_back({.id = ir::kNoId, .expressions = {Verdict{VerdictCode::kAccept, {}}}});
  return chain;
}

std::vector<Expr> lower_template(const ir::ConnectionTemplate& made) {
  std::vector<Expr> out;
  if (made.events) {
    out.emplace_back(Immediate{0, make_data(*made.events, 4, ByteOrder::kHost)});
    out.emplace_back(CtSet{CtKey::kEvents, 0});
  }
  out.emplace_back(made.helper.empty() ? Verdict{VerdictCode::kAccept, {}}
                                       : Verdict{VerdictCode::kGoto,
                                                 giving_chain_name(made.helper, made.protocol)});
  return out;
}

// Who met it in raw doesn't come here: it was dropped, or has no connection. (Untrack comes too
// late behind a template, but there this walk has ended.)
bool keeps_away(const ir::Action& action) {
  return std::holds_alternative<ir::Drop>(action) || std::holds_alternative<ir::Reject>(action) ||
         std::holds_alternative<ir::Untrack>(action);
}

class Copier {
 public:
  Copier(const classify::Plan& plan, Program& program)
      : plan_(plan), program_(program), asked_again_(plan) {
    for (const classify::Chain& chain : plan.chains) {
      if (chain.table == kRaw) chains_.emplace(chain.name, Node{.chain = &chain});
    }
  }

  Result<void> copy() {
    // Also those that no packet meets: their helpers have to be there, as for iptables.
    for (const auto& [name, node] : chains_) {
      for (const classify::Step& step : node.chain->steps) add_helper(step);
    }
    if (!found_) return {};
    std::vector<const classify::Entry*> entries;
    for (const classify::Entry& entry : plan_.entries) {
      if (entry.table == kRaw && reach(entry.chain)) entries.push_back(&entry);
    }
    for (bool more = true; more;) more = spread();
    for (const classify::Entry* entry : entries) {
      if (auto done = copy(chains_.at(entry->chain)); !done) return done.error();
      Rule call{.id = ir::kNoId, .expressions = is_unconfirmed(plan_.family)};
      call.expressions.emplace_back(
          Verdict{VerdictCode::kJump, chain_name(kTrackingTable, entry->chain)});
      program_.chains.push_back({.name = base_chain_name(kTrackingTable, entry->chain),
                                 .base = BaseHook{.type = "filter",
                                                  .hook = static_cast<unsigned>(entry->hook),
                                                  .priority = kBehindTracking},
                                 .rules = {std::move(call)}});
    }
    return {};
  }

 private:
  struct Node {
    const classify::Chain* chain = nullptr;
    std::optional<bool> gives{};   // a template stands in it, or in what it calls; none: no packet
                                   // has been seen to reach it
    bool goes_on = false;          // who comes back out of it may still meet one
    std::optional<bool> copied{};  // false: a packet comes out of it as it went in
  };

  void add_helper(const classify::Step& step) {
    const ir::ConnectionTemplate* made = template_of(step);
    if (made == nullptr) return;
    if (!found_) found_ = step.id;
    if (made->helper.empty()) return;
    Helper helper{.name = helper_name(made->helper, made->protocol),
                  .helper = made->helper,
                  .protocol = made->protocol,
                  .wanted_by = step.id};
    auto& known = program_.helpers;
    if (std::ranges::find(known, helper) != known.end()) return;
    known.push_back(std::move(helper));
    program_.chains.push_back(giving_chain(*made, plan_.family));
  }

  // Gives `gives`.
  bool reach(std::string_view name) {
    const auto found = chains_.find(name);
    if (found == chains_.end()) return false;  // the kernel will say so
    Node& node = found->second;
    if (node.gives) return *node.gives;
    bool gives = false;
    for (const classify::Step& step : node.chain->steps) {
      const auto* jump = std::get_if<ir::Jump>(&step.action);
      if (template_of(step) != nullptr || (jump != nullptr && reach(jump->chain))) gives = true;
    }
    node.gives = gives;
    return gives;
  }

  bool gives(const classify::Step& step) const {
    if (const auto* jump = std::get_if<ir::Jump>(&step.action)) {
      const auto found = chains_.find(jump->chain);
      return found != chains_.end() && found->second.gives.value_or(false);
    }
    return template_of(step) != nullptr;
  }

  // Tells callees whether it goes on behind them. False: there was nothing new.
  bool spread() {
    bool news = false;
    for (const auto& [name, node] : chains_) {
      if (!node.gives) continue;
      bool goes_on = node.goes_on;
      const auto& steps = node.chain->steps;
      for (size_t i = steps.size(); i-- > 0;) {
        const auto* jump = std::get_if<ir::Jump>(&steps[i].action);
        const bool behind = jump != nullptr && jump->is_goto ? node.goes_on : goes_on;
        if (jump != nullptr && behind) {
          const auto callee = chains_.find(jump->chain);
          if (callee != chains_.end() && !std::exchange(callee->second.goes_on, true)) news = true;
        }
        goes_on |= gives(steps[i]);
      }
    }
    return news;
  }

  // How many of the steps matter: nothing happens behind the last one that gives something.
  size_t steps_that_matter(const Node& node) const {
    const auto& steps = node.chain->steps;
    if (node.goes_on) return steps.size();
    size_t end = steps.size();
    while (end > 0 && !gives(steps[end - 1])) --end;
    return end;
  }

  struct Kept {
    size_t at = 0;
    std::vector<Expr> action;
    bool returns = false;
  };

  Result<bool> copy(Node& node) {
    if (node.copied) return *node.copied;
    std::vector<Kept> kept;
    for (size_t i = 0; i < steps_that_matter(node); ++i) {
      auto action = copied_action(node.chain->steps[i].action);
      if (!action) return action.error();
      if (action->empty()) continue;
      const auto* verdict = std::get_if<Verdict>(&action->back());
      const bool returns = verdict != nullptr && verdict->code == VerdictCode::kReturn;
      kept.push_back({i, *std::move(action), returns});
    }
    while (!kept.empty() && kept.back().returns) kept.pop_back();
    Chain out{.name = chain_name(kTrackingTable, node.chain->name)};
    for (Kept& each : kept) {
      auto rule = copied_rule(node, each);
      if (!rule) return rule.error();
      out.rules.push_back(*std::move(rule));
    }
    node.copied = !out.rules.empty();
    if (*node.copied) program_.chains.push_back(std::move(out));
    return *node.copied;
  }

  // Nothing where the walk goes on.
  Result<std::vector<Expr>> copied_action(const ir::Action& action) {
    const auto just = [](VerdictCode code, std::string chain = {}) {
      return std::vector<Expr>{Verdict{code, std::move(chain)}};
    };
    if (const auto* made = std::get_if<ir::ConnectionTemplate>(&action))
      return lower_template(*made);
    if (std::holds_alternative<ir::Zone>(action)) return just(VerdictCode::kAccept);
    if (keeps_away(action)) return std::vector<Expr>();
    if (const auto* jump = std::get_if<ir::Jump>(&action)) {
      const auto callee = chains_.find(jump->chain);
      if (callee == chains_.end()) return std::vector<Expr>();
      const auto copied = copy(callee->second);
      if (!copied) return copied.error();
      if (*copied) {
        return just(jump->is_goto ? VerdictCode::kGoto : VerdictCode::kJump,
                    chain_name(kTrackingTable, jump->chain));
      }
      return jump->is_goto ? just(VerdictCode::kReturn) : std::vector<Expr>();
    }
    switch (ir::flow_of(action)) {
      case ir::Flow::kReturns: return just(VerdictCode::kReturn);
      case ir::Flow::kDecides: return just(VerdictCode::kAccept);
      case ir::Flow::kGoesOn:
      case ir::Flow::kCalls: break;
    }
    return std::vector<Expr>();
  }

  Result<Rule> copied_rule(const Node& node, Kept& kept) const {
    const classify::Step& step = node.chain->steps[kept.at];
    for (const ir::Condition& condition : step.conditions) {
      const std::string obstacle = asked_again_.obstacle(condition);
      if (obstacle.empty()) continue;
      return Error{
          .kind = ErrorKind::kRefused,
          .message = fmt::format("nf_tables does CT --helper and --ctevents behind connection "
                                 "tracking, where rule {} of chain {} can't be asked again: it {}",
                                 kept.at + 1, node.chain->name, obstacle),
          .errno_value = EOPNOTSUPP,
          // Of the two that don't go together, the one that came later.
          .rule = std::max(step.id, template_behind(node, kept.at))};
    }
    auto parts = lower_predicate(step.conditions, plan_.family);
    if (!parts) return parts.error();
    Rule rule = join(*parts);
    std::ranges::move(kept.action, std::back_inserter(rule.expressions));
    return rule;
  }

  // The rule of the first template that may be met from there on.
  ir::RuleId template_behind(const Node& node, size_t from) const {
    for (size_t i = from; i < node.chain->steps.size(); ++i) {
      const classify::Step& step = node.chain->steps[i];
      if (!gives(step)) continue;
      if (const auto* jump = std::get_if<ir::Jump>(&step.action))
        return template_behind(chains_.at(jump->chain), 0);
      return step.id;
    }
    return *found_;
  }

  const classify::Plan& plan_;
  Program& program_;
  AskedAgain asked_again_;
  std::map<std::string_view, Node> chains_;  // of table raw
  std::optional<ir::RuleId> found_;          // a template's rule
};

}  // namespace

Result<void> give_templates(const classify::Plan& plan, Program& program) {
  return Copier(plan, program).copy();
}

}  // namespace bulkhead::backend::nft
