// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/reach.h"

#include <algorithm>
#include <utility>

#include "pass/call_graph.h"

namespace bulkhead::pass {

// The unions of a row of sets over any range, as a tree of pairs.
class SegmentTree {
 public:
  SegmentTree(set::Arena& arena, std::vector<set::Node> sets) : arena_(arena) {
    levels_.push_back(std::move(sets));
    while (levels_.back().size() > 1) {
      const std::vector<set::Node>& below = levels_.back();
      std::vector<set::Node> level((below.size() + 1) / 2);
      for (size_t i = 0; i < level.size(); ++i) {
        level[i] =
            2 * i + 1 < below.size() ? arena_.unite(below[2 * i], below[2 * i + 1]) : below[2 * i];
      }
      levels_.push_back(std::move(level));
    }
  }

  // `set` without the sets before `end`.
  set::Node without_before(set::Node set, size_t end) {
    for (size_t level = levels_.size(); level-- > 0 && set != set::kNothing;) {
      if ((end >> level & 1) != 0) set = arena_.subtract(set, levels_[level][(end >> level) - 1]);
    }
    return set;
  }

  // Whether the sets before `end` and `more` hold all of `set`.
  bool covers(set::Node set, size_t end, std::vector<set::Node> more = {}) {
    for (size_t level = levels_.size(); level-- > 0;) {
      if ((end >> level & 1) != 0) more.push_back(levels_[level][(end >> level) - 1]);
    }
    return arena_.covered(set, std::move(more));
  }

  // Whether one of those before `end` holds the packet.
  bool holds(std::span<const uint32_t> atoms, size_t end) const {
    for (size_t level = levels_.size(); level-- > 0;) {
      if ((end >> level & 1) != 0 &&
          arena_.at(levels_[level][(end >> level) - 1], atoms) == set::kEverything)
        return true;
    }
    return false;
  }

  // The set before `end` that holds all of `set` alone; else some that do so together, none of them
  // for nothing unless there are many.
  std::vector<size_t> holders(set::Node set, size_t end) {
    constexpr size_t kFewEnough = 64;  // for a look at what each adds
    std::vector<size_t> found;
    for (size_t i = 0; i < end; ++i) {
      const set::Node candidate = levels_.front()[i];
      if (arena_.disjoint(set, candidate)) continue;
      if (arena_.covered(set, {candidate})) return {i};
      found.push_back(i);
    }
    if (found.size() > kFewEnough) return found;
    // Whatever the others hold without it isn't needed.
    for (size_t k = 0; k < found.size();) {
      std::vector<set::Node> others;
      for (size_t j = 0; j < found.size(); ++j)
        if (j != k) others.push_back(levels_.front()[found[j]]);
      if (arena_.covered(set, std::move(others))) {
        found.erase(found.begin() + static_cast<std::ptrdiff_t>(k));
      } else {
        ++k;
      }
    }
    return found;
  }

 private:
  set::Arena& arena_;
  std::vector<std::vector<set::Node>> levels_;  // [k][i]: sets i * 2^k and the 2^k - 1 behind it
};

class Reach::Walk {
 public:
  Walk(set::Model& model, ChainFunctions& functions)
      : model_(model), functions_(functions), graph_(functions.table()) {}

  bool reachable(size_t chain) const { return graph_.reachable(chain); }
  const std::vector<DeadRule>& dead() const { return dead_; }

  set::Node coming(size_t chain, size_t rule, set::Node within) {
    Seen& seen = *seen_[chain];
    const set::Node matching = model_.arena().intersect(seen.matches[rule], within);
    if (rule > seen.changed) return matching;
    return seen.taken.without_before(model_.arena().intersect(entries_[chain], matching), rule);
  }

  bool coming_is_in(size_t chain, size_t rule, set::Node within, std::vector<set::Node> sets) {
    Seen& seen = *seen_[chain];
    const set::Node matching = model_.arena().intersect(seen.matches[rule], within);
    if (rule > seen.changed) return model_.arena().covered(matching, std::move(sets));
    return seen.taken.covers(model_.arena().intersect(entries_[chain], matching), rule,
                             std::move(sets));
  }

  bool comes(size_t chain, size_t rule, std::span<const uint32_t> atoms) {
    const Seen& seen = *seen_[chain];
    return rule > seen.changed || (model_.arena().at(entries_[chain], atoms) == set::kEverything &&
                                   !seen.taken.holds(atoms, rule));
  }

  void run() {
    const std::vector<ir::Chain>& chains = functions_.table().chains;
    entries_.assign(chains.size(), set::kNothing);
    seen_.resize(chains.size());
    const ir::BuiltinTable& builtin = *ir::builtin_table(functions_.table().name);
    for (size_t i = 0; i < chains.size(); ++i) {
      const auto at = std::ranges::find(builtin.chains, chains[i].name, &ir::BuiltinChain::name);
      if (at != builtin.chains.end()) entries_[i] = model_.at_hook(at->hook);
    }
    for (const size_t chain : callers_first()) {
      if (graph_.reachable(chain) && !model_.exhausted()) visit(chain);
    }
    std::ranges::sort(dead_, {}, [](const DeadRule& it) { return std::pair(it.chain, it.rule); });
  }

 private:
  std::vector<size_t> callers_first() const {
    std::vector<size_t> waiting(functions_.table().chains.size(), 0);
    for (const Call& call : graph_.calls()) ++waiting[call.to];
    std::vector<size_t> order;
    for (size_t i = 0; i < waiting.size(); ++i)
      if (waiting[i] == 0) order.push_back(i);
    for (size_t next = 0; next < order.size(); ++next) {
      for (const Call& call : graph_.calls()) {
        if (call.from == order[next] && --waiting[call.to] == 0) order.push_back(call.to);
      }
    }
    return order;
  }

  // The packets that surely don't come to the rule behind.
  set::Node ended(const ir::Rule& rule, const set::Model::Held& held, set::Node function) {
    // The common case without a walk through the diagram.
    const ir::Flow flow = ir::flow_of(rule.target.action);
    const bool plain = held.drops == set::kNothing && held.sure;
    if (plain && flow == ir::Flow::kGoesOn) return set::kNothing;
    if (plain && flow == ir::Flow::kReturns) return held.holds;
    return model_.where(function, [](std::span<const set::Outcome> possible) {
      return std::ranges::none_of(
          possible, [](const set::Outcome& it) { return it.flow == set::Flow::kContinue; });
    });
  }

  void visit(size_t number) {
    const ir::Chain& chain = functions_.table().chains[number];
    set::Arena& arena = model_.arena();
    std::vector<set::Node> matches;
    std::vector<set::Node> ends;
    size_t changed = chain.rules.size();  // behind this rule a packet may be another one
    for (size_t i = 0; i < chain.rules.size() && !model_.exhausted(); ++i) {
      const set::Model::Held held = model_.of(chain.rules[i]);
      const set::Node function = functions_.of(chain.rules[i]);
      matches.push_back(held.holds);
      ends.push_back(i > changed ? set::kNothing : ended(chain.rules[i], held, function));
      if (i < changed && may_change(chain.rules[i], function)) changed = i;
    }
    seen_[number].emplace(Seen{std::move(matches), SegmentTree(arena, std::move(ends)), changed});
    const std::vector<set::Node>& matching = seen_[number]->matches;
    SegmentTree& taken = seen_[number]->taken;
    for (size_t i = 0; i < matching.size() && !model_.exhausted(); ++i) {
      const set::Node entering =
          i > changed ? matching[i] : arena.intersect(entries_[number], matching[i]);
      if (i > changed ? matching[i] == set::kNothing : taken.covers(entering, i))
        note(number, i, matching[i], entering, taken);
      if (const auto* jump = std::get_if<ir::Jump>(&chain.rules[i].target.action)) {
        const set::Node coming = i > changed ? matching[i] : taken.without_before(entering, i);
        const auto to = static_cast<size_t>(functions_.table().find(jump->chain) -
                                            functions_.table().chains.data());
        entries_[to] = arena.unite(entries_[to], coming);
      }
    }
  }

  bool may_change(const ir::Rule& rule, set::Node function) {
    const ir::Flow flow = ir::flow_of(rule.target.action);
    if (flow != ir::Flow::kCalls && !ir::changes_packet(rule.target.action) &&
        !model_.writes_by_asking(rule))
      return false;
    return model_.where(function, [](std::span<const set::Outcome> possible) {
      return std::ranges::any_of(possible, [](const set::Outcome& it) {
        return it.flow == set::Flow::kContinue && it.effect != set::kNoEffect;
      });
    }) != set::kNothing;
  }

  void note(size_t chain, size_t rule, set::Node matches, set::Node entering, SegmentTree& taken) {
    DeadRule dead{
        .chain = chain, .rule = rule, .contradictory = matches == set::kNothing, .covered_by = {}};
    if (entering != set::kNothing) dead.covered_by = taken.holders(entering, rule);
    dead_.push_back(std::move(dead));
  }

  struct Seen {
    std::vector<set::Node> matches;  // by rule
    SegmentTree taken;               // the packets that don't come to the rule behind
    size_t changed;                  // behind this rule a packet may be another one
  };

  set::Model& model_;
  ChainFunctions& functions_;
  CallGraph graph_;
  std::vector<std::optional<Seen>> seen_;  // by chain
  std::vector<set::Node> entries_;         // by chain: the packets that get into it
  std::vector<DeadRule> dead_;
};

Reach::Reach(set::Model& model, ChainFunctions& functions)
    : walk_(std::make_unique<Walk>(model, functions)) {
  walk_->run();
}

Reach::~Reach() = default;

bool Reach::reachable(size_t chain) const { return walk_->reachable(chain); }

const std::vector<DeadRule>& Reach::dead() const { return walk_->dead(); }

set::Node Reach::coming(size_t chain, size_t rule, set::Node within) {
  return walk_->coming(chain, rule, within);
}

bool Reach::coming_is_in(size_t chain, size_t rule, set::Node within, std::vector<set::Node> sets) {
  return walk_->coming_is_in(chain, rule, within, std::move(sets));
}

bool Reach::comes(size_t chain, size_t rule, std::span<const uint32_t> atoms) {
  return walk_->comes(chain, rule, atoms);
}

std::vector<DeadRule> dead_rules(set::Model& model, ChainFunctions& functions) {
  return Reach(model, functions).dead();
}

}  // namespace bulkhead::pass
