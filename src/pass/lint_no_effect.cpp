// SPDX-License-Identifier: GPL-2.0-or-later
// Rules behind which the same becomes of their packets anyway.
#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "pass/lint.h"

namespace bulkhead::pass {

namespace {

using set::Flow;
using set::kNothing;
using set::Node;
using set::Outcome;

// The functions of runs of 2^k rules of a chain, made when they are asked for: those of the whole
// chain and of its beginnings, the dearest, never are.
class Runs {
 public:
  Runs(set::Model& model, std::vector<Node> functions) : model_(model) {
    for (size_t many = functions.size(); many > 1;) {
      many = (many + 1) / 2;
      above_.emplace_back(many);
    }
    each_ = std::move(functions);
  }

  // Functions that together are those from `first` on, in order.
  std::vector<Node> from(size_t first) {
    std::vector<Node> runs;
    for (size_t level = 0, at = first; level <= above_.size() && at < size(level); ++level) {
      if (at % 2 != 0 || level == above_.size()) runs.push_back(of(level, at++));
      at /= 2;
    }
    return runs;
  }

 private:
  size_t size(size_t level) const { return level == 0 ? each_.size() : above_[level - 1].size(); }

  Node of(size_t level, size_t at) {
    if (level == 0) return each_[at];
    std::optional<Node>& run = above_[level - 1][at];
    if (!run) {
      const Node first = of(level - 1, 2 * at);
      const bool two = 2 * at + 1 < size(level - 1);
      run = two ? model_.sequence(first, of(level - 1, 2 * at + 1)) : first;
    }
    return *run;
  }

  set::Model& model_;
  std::vector<Node> each_;
  std::vector<std::vector<std::optional<Node>>> above_;  // [k][i]: from i * 2^(k+1) on
};

class Search {
 public:
  Search(set::Model& model, ChainFunctions& functions, Reach& reach, std::vector<Lint>& found)
      : model_(model), functions_(functions), reach_(reach), found_(found) {
    for (const DeadRule& dead : reach.dead()) dead_.insert({dead.chain, dead.rule});
  }

  void look_at(size_t number) {
    const ir::Chain& chain = functions_.table().chains[number];
    if (std::ranges::none_of(chain.rules, candidate)) return;
    std::vector<Node> each;
    // A rule that is dead because of this one is no reason to take this one out.
    for (size_t i = 0; i < chain.rules.size(); ++i)
      each.push_back(dead_.contains({number, i}) ? set::kGoesOn : functions_.of(chain.rules[i]));
    Runs runs(model_, std::move(each));
    for (size_t i = 0; i < chain.rules.size() && !model_.exhausted(); ++i) {
      if (!candidate(chain.rules[i]) || dead_.contains({number, i})) continue;
      const set::Model::Held held = model_.of(chain.rules[i]);
      // That packets whose header is cut off are dropped by whoever asks isn't what rules are for.
      if (!held.sure) continue;
      const Node packets = model_.arena().intersect(
          held.holds, model_.of_shapes({set::Shape::kWhole, set::Shape::kLaterFragment}));
      if (idle(number, i, packets, runs.from(i + 1)) && !told(chain, i, packets)) note(chain, i);
    }
  }

 private:
  static bool candidate(const ir::Rule& rule) {
    const ir::Action& action = rule.target.action;
    return std::holds_alternative<ir::Accept>(action) || std::holds_alternative<ir::Drop>(action) ||
           std::holds_alternative<ir::Reject>(action) || std::holds_alternative<ir::Return>(action);
  }

  // Whether a rule behind it that logs or remembers would see its packets without it: people drop
  // some so that nothing is told of them.
  bool told(const ir::Chain& chain, size_t rule, Node packets) {
    const std::vector<size_t>& telling = telling_of(chain);
    return std::any_of(std::ranges::upper_bound(telling, rule), telling.end(), [&](size_t behind) {
      return !model_.arena().disjoint(packets, model_.of(chain.rules[behind]).holds);
    });
  }

  const std::vector<size_t>& telling_of(const ir::Chain& chain) {
    const auto [known, fresh] = telling_rules_.try_emplace(&chain);
    for (size_t i = 0; fresh && i < chain.rules.size(); ++i)
      if (tells(chain.rules[i])) known->second.push_back(i);
    return known->second;
  }

  bool tells(const ir::Rule& rule) {
    const ir::Action& action = rule.target.action;
    if (std::holds_alternative<ir::Log>(action) || std::holds_alternative<ir::NetlinkLog>(action) ||
        std::holds_alternative<ir::Trace>(action) || !model_.of(rule).sure)
      return true;
    const auto* jump = std::get_if<ir::Jump>(&action);
    if (jump == nullptr) return false;
    const ir::Chain& callee = *functions_.table().find(jump->chain);
    const auto [known, fresh] = telling_.try_emplace(&callee, false);
    if (!fresh) return known->second;
    const bool any =
        std::ranges::any_of(callee.rules, [&](const ir::Rule& it) { return tells(it); });
    return telling_[&callee] = any;
  }

  // What a chain's end means, and a return out of a built-in one.
  Node end_of(const ir::Chain& chain) {
    if (!chain.policy) return model_.outcomes().end({Flow::kReturn, 0, set::kNoEffect});
    return model_.outcomes().decided(*chain.policy == ir::Policy::kAccept ? ir::Action{ir::Accept{}}
                                                                          : ir::Action{ir::Drop{}});
  }

  // Whether what comes to the rule comes to the same end in the functions behind it.
  bool idle(size_t number, size_t rule, Node packets, const std::vector<Node>& behind) {
    const ir::Chain& chain = functions_.table().chains[number];
    const Node policy = end_of(chain);
    const ir::Action& action = chain.rules[rule].target.action;
    const Node wanted =
        std::holds_alternative<ir::Return>(action) ? policy : model_.outcomes().decided(action);
    if (shows_effect(number, rule, packets, behind, wanted, policy)) return false;
    std::vector<Node> held;  // by the functions so far
    for (const Node function : behind) held.push_back(split_of(function, wanted, policy).held);
    if (wanted != policy && !reach_.coming_is_in(number, rule, packets, held)) return false;
    // The last ones are the longest: most rules that have an effect show it there.
    for (size_t i = behind.size(); i-- > 0 && !model_.exhausted();) {
      held[i] = split_of(behind[i], wanted, policy).same;
      if (!reach_.coming_is_in(number, rule, packets, held)) return false;
      held.resize(i);
    }
    return true;
  }

  // Whether one of a few packets comes to another end: most rules that have an effect show it so,
  // long before it is asked of all packets.
  bool shows_effect(size_t number, size_t rule, Node packets, const std::vector<Node>& behind,
                    Node wanted, Node policy) {
    constexpr int kPackets = 16;
    const set::Arena& arena = model_.arena();
    for (int i = 0; i < kPackets && packets != kNothing; ++i) {
      const std::vector<uint32_t> atoms = arena.drawn(packets, random_);
      if (!reach_.comes(number, rule, atoms)) continue;
      Node end = policy;
      for (const Node function : behind) {
        const auto possible = model_.outcomes().possible(arena.at(function, atoms));
        if (!all_same(possible, wanted, policy)) return true;
        if (std::ranges::find(possible, Outcome{}) != possible.end()) continue;
        end = wanted;
        break;
      }
      if (end != wanted) return true;
    }
    return false;
  }

  // Goes on or comes to the wanted end.
  bool all_same(std::span<const Outcome> possible, Node wanted, Node policy) {
    const Outcome want = model_.outcomes().possible(wanted).front();
    const Outcome end = model_.outcomes().possible(policy).front();
    return std::ranges::all_of(possible, [&](const Outcome& it) {
      const Outcome seen = it == Outcome{Flow::kReturn, 0, set::kNoEffect} ? end : it;
      return seen == want || seen == Outcome{};
    });
  }

  struct Split {
    Node held = kNothing;  // surely doesn't go on
    Node same = kNothing;  // goes on or comes to the wanted end
  };
  const Split& split_of(Node function, Node wanted, Node policy) {
    const auto [found, fresh] = splits_.try_emplace({function, wanted, policy});
    if (!fresh) return found->second;
    found->second.held = model_.where(function, [](std::span<const Outcome> possible) {
      return std::ranges::find(possible, Outcome{}) == possible.end();
    });
    found->second.same = model_.where(function, [&](std::span<const Outcome> possible) {
      return all_same(possible, wanted, policy);
    });
    return found->second;
  }

  void note(const ir::Chain& chain, size_t rule) {
    found_.push_back({.kind = LintKind::kNoEffect,
                      .place = {functions_.table().name, chain.name, rule},
                      .words = "this changes nothing: the same becomes of its packets without it",
                      .others = {}});
  }

  set::Model& model_;
  ChainFunctions& functions_;
  Reach& reach_;
  std::vector<Lint>& found_;
  std::minstd_rand random_;
  std::set<std::pair<size_t, size_t>> dead_;
  std::map<std::tuple<Node, Node, Node>, Split> splits_;
  std::map<const ir::Chain*, std::vector<size_t>> telling_rules_;  // by their numbers
  std::map<const ir::Chain*, bool> telling_;  // whether a rule of it, or that it calls, tells
};

}  // namespace

void lint_no_effect(set::Model& model, ChainFunctions& functions, Reach& reach,
                    std::vector<Lint>& found) {
  Search search(model, functions, reach, found);
  for (size_t i = 0; i < functions.table().chains.size() && !model.exhausted(); ++i)
    if (reach.reachable(i)) search.look_at(i);
}

}  // namespace bulkhead::pass
