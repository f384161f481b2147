// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/call_expansion.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace bulkhead::pass {

namespace {

bool remembers(const ir::Condition& condition) {
  struct Visitor {
    bool operator()(const ir::Constraint&) const { return false; }
    bool operator()(const ir::AnyOf&) const { return false; }
    bool operator()(const ir::Header&) const { return false; }
    bool operator()(const ir::Limit&) const { return true; }
    bool operator()(const ir::Opaque& opaque) const { return opaque.stateful; }
  };
  return std::visit(Visitor{}, condition);
}

ir::Predicate conditions_of(const ir::Rule& rule) {
  ir::Predicate all = rule.head.predicate;
  for (const ir::Match& match : rule.matches) {
    all.insert(all.end(), match.predicate.begin(), match.predicate.end());
  }
  return all;
}

bool takes_all(const ir::Rule& rule) {
  return rule.head.predicate.empty() &&
         std::ranges::all_of(rule.matches,
                             [](const ir::Match& match) { return match.predicate.empty(); });
}

bool is_goto(const ir::Rule& rule) {
  const auto* jump = std::get_if<ir::Jump>(&rule.target.action);
  return jump && jump->is_goto;
}

bool leaves_chain(const ir::Rule& rule) {
  return is_goto(rule) || std::holds_alternative<ir::Return>(rule.target.action);
}

bool ends_walk(const ir::Rule& rule) {
  return leaves_chain(rule) || ir::flow_of(rule.target.action) == ir::Flow::kDecides;
}

// The rule for those packets only that satisfied `guard`. What the guard has asked is not asked
// again.
ir::Rule guarded(const ir::Predicate& guard, const ir::Rule& rule) {
  ir::Rule copy{.target = {.action = rule.target.action}, .id = rule.id, .span = rule.span};
  copy.head.predicate = guard;
  for (ir::Condition& condition : conditions_of(rule)) {
    if (!remembers(condition) && std::ranges::find(guard, condition) != guard.end()) continue;
    copy.head.predicate.push_back(std::move(condition));
  }
  return copy;
}

// A goto whose packets come back out of the callee's end must still leave the caller.
bool needs_return(const CallSite& site, const Callee& callee) {
  return site.is_goto() && site.behind > 0 && callee.falls_through();
}

}  // namespace

bool has_memory(const ir::Rule& rule) {
  const auto any = [](const ir::Match& match) {
    return std::ranges::any_of(match.predicate, remembers);
  };
  return any(rule.head) || std::ranges::any_of(rule.matches, any);
}

bool CallSite::is_goto() const { return pass::is_goto(call); }

bool changes_what_follows(const ir::Rule& rule, bool changing_calls) {
  const ir::Action& action = rule.target.action;
  switch (ir::flow_of(action)) {
    case ir::Flow::kGoesOn: return ir::changes_packet(action);
    case ir::Flow::kCalls: return changing_calls && !is_goto(rule);
    case ir::Flow::kDecides:
    case ir::Flow::kReturns: break;
  }
  return false;
}

Callee::Callee(const ir::Chain& chain, bool changing_calls) : chain_(&chain) {
  for (const ir::Rule& rule : chain.rules) {
    const size_t number = live_++;
    const bool fork = leaves_chain(rule) && !takes_all(rule);
    forks_ += fork ? 1 : 0;
    if (!change_ && changes_what_follows(rule, changing_calls)) change_ = number;
    if (has_memory(rule)) {
      if (!memory_) memory_ = number;
      if (fork && !fork_with_memory_) fork_with_memory_ = number;
    }
    if (takes_all(rule) && ends_walk(rule)) {
      falls_through_ = false;
      return;
    }
  }
}

size_t expanded_size(const CallSite& site, const Callee& callee) {
  const size_t forked = site.tail() == 0 ? 0 : callee.forks() * (site.tail() + 1);
  return 1 + callee.live() + forked + (needs_return(site, callee) ? 1 : 0);
}

std::optional<std::string> obstacle(const CallSite& site, const Callee& callee) {
  const auto rule = [&](size_t number) {
    return fmt::format("rule {} of {}", number + 1, callee.chain().name);
  };
  constexpr std::string_view kMemory = "has a limit or another condition with a memory";
  if (has_memory(site.call) && expanded_size(site, callee) > 1) {
    return fmt::format("the call of {} {}, which can be asked only once a packet",
                       callee.chain().name, kMemory);
  }
  if (callee.memory() && site.callers > 1) {
    return fmt::format("{} {}, and that chain is called from several places",
                       rule(*callee.memory()), kMemory);
  }
  // What stands behind it asks again what the call has asked, of a packet that is another one.
  if (callee.change() && *callee.change() + 1 < callee.live()) {
    return fmt::format("{} changes the packet", rule(*callee.change()));
  }
  if (site.tail() == 0) return std::nullopt;
  if (callee.forks() > 0 && site.change_behind) {
    return fmt::format("a rule behind the call of {} changes the packet", callee.chain().name);
  }
  if (callee.fork_with_memory()) {
    return fmt::format("{} {}, which can be asked only once a packet",
                       rule(*callee.fork_with_memory()), kMemory);
  }
  if (callee.forks() > 0 && site.memory_behind) {
    return fmt::format("a rule behind the call of {} {}, which can stand in one place only",
                       callee.chain().name, kMemory);
  }
  return std::nullopt;
}

void expand(const CallSite& site, const Callee& callee, std::vector<ir::Rule>& rules) {
  const ir::Predicate guard = conditions_of(site.call);
  const ir::Rule leave{.target = {.action = ir::Return{}}};
  const size_t behind = rules.size();
  std::vector<ir::Rule> out;
  out.push_back(guarded({}, site.call));
  out.back().target.action = ir::Continue{};
  for (size_t i = 0; i < callee.live(); ++i) {
    const ir::Rule& each = callee.chain().rules[i];
    ir::Rule& copy = out.emplace_back(guarded(guard, each));
    if (!leaves_chain(each) || site.tail() == 0) continue;
    // Back to the caller, and that is here.
    if (auto* jump = std::get_if<ir::Jump>(&copy.target.action)) {
      jump->is_goto = false;
    } else {
      copy.target.action = ir::Continue{};
    }
    if (takes_all(each)) continue;
    const ir::Predicate fork = copy.head.predicate;
    for (size_t next = behind; next-- > 0;) out.push_back(guarded(fork, rules[next]));
    out.push_back(guarded(fork, leave));
  }
  if (needs_return(site, callee)) out.push_back(guarded(guard, leave));
  rules.insert(rules.end(), std::make_move_iterator(out.rbegin()),
               std::make_move_iterator(out.rend()));
}

}  // namespace bulkhead::pass
