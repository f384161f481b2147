// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/who.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "app/rules_text.h"
#include "pass/host_functions.h"
#include "pass/numbered_accepts.h"
#include "policy/lower.h"
#include "policy/own_connection.h"
#include "set/cube.h"
#include "set/projection.h"
#include "set/witness.h"

namespace bulkhead::app {

namespace {

constexpr size_t kMostProducts = 12;
constexpr size_t kPolicy = SIZE_MAX;  // in the place of a rule's number

// "from 192.0.2.1, in eth0"; of all: "anybody".
std::string who_words(std::string words) {
  for (const std::string_view all : {"everything", "anything"}) {
    if (words.starts_with(all)) return "anybody" + words.substr(all.size());
  }
  return words;
}

// Nobody is asked about there, so it came in for free where other interfaces are named.
void without_loopback(const set::Space& space, set::Cube& cube) {
  for (set::Cube::Side& side : cube.sides) {
    const set::Dimension& dimension = space.dimensions()[side.dimension];
    const bool interface =
        dimension.field == &ir::kInInterface || dimension.field == &ir::kOutInterface;
    if (interface && !side.atoms.back())  // else the words are "not eth1"
      side.atoms[space.atom_of(side.dimension, set::interface_value("lo"))] = false;
  }
}

// Nobody has asked for others, so they may be in it or not: what is told leaves them out.
// (Interfaces are told by those that are missing.)
void only_asked(set::Model& model, set::Cube& cube, set::Node asked) {
  const set::Node here = model.arena().intersect(set::node_of(model, cube), asked);
  for (set::Cube::Side& side : cube.sides) {
    const ir::Field* field = model.space().dimensions()[side.dimension].field;
    if (field == &ir::kInInterface || field == &ir::kOutInterface) continue;
    const std::vector<bool> there = model.arena().project(here, side.dimension);
    for (size_t i = 0; i < there.size(); ++i) side.atoms[i] = side.atoms[i] && there[i];
  }
}

class Question {
 public:
  Question(const ir::Ruleset& rules, const policy::Services& service, net::Direction direction)
      : rules_(rules), numbered_(pass::numbered_accepts(rules)) {
    policy::Claim claim{
        .kind = policy::Claim::Kind::kPasses, .name = {}, .family = {}, .packets = {}};
    claim.packets.direction = direction;
    claim.packets.services = service;
    packets_ = policy::steps_of(claim, rules.family).front().packets;
  }

  Result<std::vector<WhoGroup>> answer(const pass::AnalysisLimits& limits) {
    pass::AnalysisOptions options{.limits = limits, .more = policy::constraints_of(packets_)};
    const auto own = policy::asked_of_connections(rules_);
    options.more.insert(options.more.end(), own.begin(), own.end());
    const auto done =
        pass::analyse({&numbered_.rules}, options, [&](set::Model& model) { ask(model); });
    if (!done) return done.error();
    return groups_;
  }

 private:
  void ask(set::Model& model) {
    groups_.clear();
    set::Arena& arena = model.arena();
    const set::Node way = pass::HostFunctions(model, numbered_.rules)
                              .on_the_way(packets_.direction, pass::HostFunctions::Written::kKept);
    const set::Node all = policy::node_of(model, packets_);
    // By the number of the rule, those that hang on an unknown behind the others.
    std::map<std::pair<size_t, bool>, std::vector<set::Node>> wanted;
    // All ends at once: one look at the diagram for each rule would be too many.
    const set::Node here = model.guarded(all, way);
    for (const set::Node end : ends_of(arena, here)) {
      if (end == set::kGoesOn) continue;
      const auto possible = model.outcomes().possible(end);
      const std::vector<set::Outcome> outcomes(possible.begin(), possible.end());
      const bool surely = std::ranges::none_of(
          outcomes, [&](const set::Outcome& it) { return set::may_stop(it, model.outcomes()); });
      for (const set::Outcome& outcome : outcomes) {
        if (!set::may_pass(outcome, model.outcomes())) continue;
        const auto number = pass::accepted_by(outcome, numbered_, model);
        wanted[{number.value_or(kPolicy), !surely}].push_back(end);
      }
    }
    for (auto& [group, from] : wanted) {
      if (model.exhausted()) return;
      std::vector<set::Node>& list = from;  // a lambda can't hold a binding
      std::ranges::sort(list);
      const set::Node set = arena.transform(here, [&](set::Node node) -> std::optional<set::Node> {
        if (!set::is_terminal(node)) return std::nullopt;
        return std::ranges::binary_search(list, node) ? set::kEverything : set::kNothing;
      });
      const set::Cover cover = set::cover(model, set, all, kMostProducts);
      WhoGroup told{.packets = {},
                    .more = cover.rest != set::kNothing,
                    .surely = !group.second,
                    .decider = decider(group.first)};
      const auto protocols = set::values(model, all, ir::kProtocol);
      for (set::Cube cube : cover.cubes) {
        only_asked(model, cube, all);
        without_loopback(model.space(), cube);
        told.packets.push_back(who_words(set::words(model.space(), cube, protocols)));
      }
      groups_.push_back(std::move(told));
    }
  }

  static std::vector<set::Node> ends_of(const set::Arena& arena, set::Node function) {
    std::vector<set::Node> ends, open{function};
    std::set<set::Node> known;
    while (!open.empty()) {
      const set::Node node = open.back();
      open.pop_back();
      if (!known.insert(node).second) continue;
      if (set::is_terminal(node)) {
        ends.push_back(node);
        continue;
      }
      for (const set::Edge& edge : arena.edges(node)) open.push_back(edge.child);
    }
    return ends;
  }

  std::optional<Decider> decider(size_t number) const {
    const ir::Table* filter = rules_.find("filter");
    if (filter == nullptr) return std::nullopt;
    if (number == kPolicy) {
      return Decider{"filter", std::string(chain_of(packets_.direction)), {}, "policy ACCEPT", {}};
    }
    const auto& place = numbered_.places[number];
    const ir::Chain& chain = filter->chains[place.chain];
    const ir::Rule& rule = chain.rules[place.rule];
    return Decider{"filter", chain.name, place.rule + 1, rule_words(rule, rules_.family),
                   rule.span};
  }

  const ir::Ruleset& rules_;
  pass::NumberedAccepts numbered_;
  policy::Packets packets_;
  std::vector<WhoGroup> groups_;
};

}  // namespace

Result<std::vector<WhoGroup>> who_reaches(const ir::Ruleset& rules, const policy::Services& service,
                                          net::Direction direction,
                                          const pass::AnalysisLimits& limits) {
  return Question(rules, service, direction).answer(limits);
}

}  // namespace bulkhead::app
