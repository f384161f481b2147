// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/inline_deep_chains.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "pass/call_expansion.h"
#include "pass/call_graph.h"

namespace bulkhead::pass {

namespace {

class TableInliner {
 public:
  TableInliner(ir::Table& table, const Options& options) : table_(table), options_(options) {
    for (const ir::Chain& chain : table.chains) {
      for (const ir::Rule& rule : chain.rules)
        changing_calls_ |= changes_what_follows(rule, /*changing_calls=*/false);
    }
  }

  Result<void> run() {
    const CallGraph before(table_);
    if (before.depth() <= options_.max_depth) return {};
    for (CallGraph graph = before; graph.depth() > options_.max_depth; graph = CallGraph(table_)) {
      const Choice choice = choose(graph);
      if (choice.calls.empty()) return refusal(choice, graph);
      for (size_t next = 0; next < choice.calls.size();) {
        if (auto done = rewrite_caller(choice.calls, next, graph); !done) return done;
      }
    }
    remove_unnamed(before);
    return {};
  }

 private:
  struct Choice {
    size_t cost = 0;          // in rules
    std::vector<Call> calls;  // of one chain, in the order of the table
    std::string obstacle;  // without calls: why the first one that lies too deep can't be replaced
  };

  bool too_deep(const Call& call, const CallGraph& graph) const {
    return graph.depth_through(call) > options_.max_depth;
  }

  // The calls of that chain whose copies cost the fewest rules; none if no call can be replaced.
  Choice choose(const CallGraph& graph) const {
    std::vector<Choice> choices(table_.chains.size());
    std::vector<std::optional<Callee>> callees(table_.chains.size());
    // The last rule with a memory, and the last that changes the packet.
    std::vector<std::optional<size_t>> memories(table_.chains.size());
    std::vector<std::optional<size_t>> changes(table_.chains.size());
    for (size_t chain = 0; chain < table_.chains.size(); ++chain) {
      const auto& rules = table_.chains[chain].rules;
      for (size_t i = 0; i < rules.size(); ++i) {
        if (has_memory(rules[i])) memories[chain] = i;
        if (changes_what_follows(rules[i], changing_calls_)) changes[chain] = i;
      }
    }
    std::string first_obstacle;
    for (const Call& call : graph.calls()) {
      if (!too_deep(call, graph)) continue;
      auto& callee = callees[call.to];
      if (!callee) callee.emplace(table_.chains[call.to], changing_calls_);
      const auto& rules = table_.chains[call.from].rules;
      const CallSite site{rules[call.rule], rules.size() - call.rule - 1,
                          memories[call.from] > call.rule, changes[call.from] > call.rule,
                          graph.callers(call.to)};
      if (const auto why = obstacle(site, *callee)) {
        if (first_obstacle.empty()) first_obstacle = *why;
        continue;
      }
      choices[call.to].cost += expanded_size(site, *callee);
      choices[call.to].calls.push_back(call);
    }
    std::erase_if(choices, [](const Choice& each) { return each.calls.empty(); });
    if (choices.empty()) return {.obstacle = first_obstacle};
    return *std::ranges::min_element(choices, {}, &Choice::cost);
  }

  // Replaces calls[next] and those after it that stand in the same chain; `next` then is the first
  // of another.
  Result<void> rewrite_caller(const std::vector<Call>& calls, size_t& next,
                              const CallGraph& graph) {
    const size_t from = calls[next].from;
    const Callee callee(table_.chains[calls[next].to], changing_calls_);
    size_t end = next;
    while (end < calls.size() && calls[end].from == from) ++end;

    std::vector<ir::Rule>& rules = table_.chains[from].rules;
    std::vector<ir::Rule> rewritten;  // from the last to the first
    bool memory_behind = false;
    bool change_behind = false;
    for (size_t i = rules.size(), last = end; i-- > 0;) {
      const bool chosen = last > next && calls[last - 1].rule == i;
      if (chosen) --last;
      const CallSite site{rules[i], rewritten.size(), memory_behind, change_behind,
                          graph.callers(calls[next].to)};
      // A call behind this one may have brought a memory here: then this one waits for another
      // round.
      if (chosen && !obstacle(site, callee)) {
        made_ += expanded_size(site, callee);
        if (made_ > options_.max_rules) return too_large(calls[last], graph);
        expand(site, callee, rewritten);
        memory_behind |= callee.memory().has_value();
        change_behind |= callee.change().has_value();
      } else {
        rewritten.push_back(std::move(rules[i]));
      }
      memory_behind |= has_memory(rewritten.back());
      change_behind |= changes_what_follows(rewritten.back(), changing_calls_);
    }
    std::ranges::reverse(rewritten);
    rules = std::move(rewritten);
    next = end;
    return {};
  }

  void remove_unnamed(const CallGraph& before) {
    const std::vector<bool> named = CallGraph(table_).still_named(before);
    size_t next = 0;
    std::erase_if(table_.chains, [&](const ir::Chain&) { return !named[next++]; });
  }

  std::string too_deep_text(const Call& call, const CallGraph& graph) const {
    std::string names;
    for (size_t chain : graph.longest_path(call)) {
      names += fmt::format("{}{}", names.empty() ? "" : " -> ", table_.chains[chain].name);
    }
    return fmt::format("chains of table {} nest {} deep and the kernel takes {} ({})", table_.name,
                       graph.depth_through(call), options_.max_depth, names);
  }

  Error refusal(const Choice& choice, const CallGraph& graph) const {
    const Call& deep = *std::ranges::find_if(
        graph.calls(), [&](const Call& call) { return too_deep(call, graph); });
    return {.kind = ErrorKind::kRefused,
            .message = fmt::format("{}: {}", too_deep_text(deep, graph), choice.obstacle),
            .hint = "such a rule may stand in chains that nest less deep",
            .span = table_.chains[deep.from].rules[deep.rule].span};
  }

  Error too_large(const Call& call, const CallGraph& graph) const {
    return {.kind = ErrorKind::kRefused,
            .message = fmt::format("{}: without that depth it would take more than {} rules",
                                   too_deep_text(call, graph), options_.max_rules),
            .hint = "let fewer chains call each other, or return less often"};
  }

  ir::Table& table_;
  const Options& options_;
  bool changing_calls_ = false;  // a call may change the packet
  size_t made_ = 0;              // rules
};

}  // namespace

Result<ir::Ruleset> inline_deep_chains(ir::Ruleset rules, const Options& options) {
  for (ir::Table& table : rules.tables) {
    if (auto done = TableInliner(table, options).run(); !done) return done.error();
  }
  return rules;
}

}  // namespace bulkhead::pass
