// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/proof.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "app/lost_connections.h"
#include "app/witness_packet.h"
#include "net/packet_build.h"
#include "pass/host_functions.h"
#include "policy/own_connection.h"

namespace bulkhead::app {

namespace {

using State = Answer::State;
using policy::Claim;
using policy::Step;

// One step of one claim, to be shown of one family.
struct Task {
  size_t claim = 0;
  Step step;
  bool must_pass = false;
  Answer answer;
};

std::vector<Task> tasks_of(const std::vector<Claim>& claims, net::Family family) {
  std::vector<Task> tasks;
  for (size_t i = 0; i < claims.size(); ++i) {
    const Claim& claim = claims[i];
    if (claim.kind == Claim::Kind::kSame || (claim.family && *claim.family != family)) continue;
    for (Step& step : policy::steps_of(claim, family))
      tasks.push_back({i, std::move(step), claim.kind != Claim::Kind::kBlocked, {}});
  }
  return tasks;
}

Answer decide(set::Model& model, set::Node way, const Task& task, set::Node packets,
              const std::optional<set::Node>& surely_there = {},
              set::Node may_be_stopped = set::kNothing) {
  set::Arena& arena = model.arena();
  const set::Outcomes& outcomes = model.outcomes();
  const auto breaks = [&](const set::Outcome& outcome) {
    return task.must_pass ? set::may_stop(outcome, outcomes) : set::may_pass(outcome, outcomes);
  };
  const auto keeps = [&](const set::Outcome& outcome) {
    return task.must_pass ? set::may_pass(outcome, outcomes) : set::may_stop(outcome, outcomes);
  };
  set::Node bad = arena.intersect(packets, model.where(way, [&](const auto& possible) {
    return std::ranges::any_of(possible, breaks);
  }));
  bad = arena.unite(bad, arena.intersect(packets, may_be_stopped));
  if (bad == set::kNothing) return {.state = State::kProved, .example = {}, .other = {}, .why = {}};
  // One that is treated so whatever the unknowns are says more.
  set::Node surely = arena.intersect(bad, model.where(way, [&](const auto& possible) {
    return std::ranges::none_of(possible, keeps);
  }));
  if (surely_there) surely = arena.intersect(surely, *surely_there);
  const bool certain = surely != set::kNothing;
  CounterExample example =
      example_of(model, certain ? surely : bad, task.step.packets, !task.must_pass);
  example.certain = certain;
  example.step = task.step.what;
  return {.state = State::kRefuted, .example = std::move(example), .other = {}, .why = {}};
}

Answer answer_of(set::Model& model, set::Node way, const Task& task) {
  const set::Node packets = policy::node_of(model, task.step.packets);
  if (packets == set::kNothing)
    return {.state = State::kEmpty, .example = {}, .other = {}, .why = {}};
  return decide(model, way, task, packets);
}

// Answers that connection tracking doesn't find a connection of, where it is sure what it makes of
// them: a SYN with an ACK or an echo reply is invalid, of other protocols a connection begins.
set::Node surely_called_so(set::Model& model) {
  set::Arena& arena = model.arena();
  const auto of = [&](const ir::Field& field, U128 mask, ir::ValueSet values) {
    return model.of({&field, mask, std::move(values)});
  };
  const auto state = [&](ir::CtState it) {
    return of(ir::kCtState, UINT32_MAX, ir::ValueSet::of(static_cast<U128>(it)));
  };
  const set::Node tcp = of(ir::kProtocol, 0xff, ir::ValueSet::of(net::kTcp));
  const set::Node opens =
      of(set::kTcpFlags, 0x3f, ir::ValueSet::of(unsigned{net::kSyn} | net::kAck));
  const set::Node udp = of(ir::kProtocol, 0xff, ir::ValueSet::of(net::kUdp));
  return arena.unite(arena.intersect(arena.intersect(tcp, opens), state(ir::CtState::kInvalid)),
                     arena.intersect(udp, state(ir::CtState::kNew)));
}

// The answers and what follows, as they are where their connection isn't found.
Answer decide_lost(set::Model& model, pass::HostFunctions& functions, set::Node way,
                   const std::vector<Task>& tasks, size_t i) {
  using What = Step::What;
  const auto step = [&](What what) -> const Step& {
    for (const Task& task : tasks)
      if (task.claim == tasks[i].claim && task.step.what == what) return task.step;
    return tasks[i].step;
  };
  const LostPackets lost = lost_packets(model, functions, step(What::kFirst), step(What::kAnswer),
                                        step(What::kFollowing));
  const bool answer = tasks[i].step.what == What::kAnswer;
  const set::Node surely =
      answer ? model.arena().intersect(lost.surely_answers, surely_called_so(model))
             : set::kNothing;
  Answer decided = decide(model, way, tasks[i], answer ? lost.answers : lost.following, surely,
                          answer ? lost.clashing : set::kNothing);
  if (decided.example) {
    std::string& beside = decided.example->beside;
    beside += beside.empty() ? "" : ", ";
    beside += "which connection tracking finds no connection of";
  }
  return decided;
}

void decide_family(const ir::Ruleset& rules, std::vector<Task>& tasks,
                   const pass::AnalysisLimits& limits,
                   std::chrono::steady_clock::time_point since) {
  pass::AnalysisOptions options{.limits = limits, .since = since, .more = {}};
  for (const Task& task : tasks) {
    const auto asked = policy::constraints_of(task.step.packets);
    options.more.insert(options.more.end(), asked.begin(), asked.end());
    if (!task.step.lost) continue;
    const auto lost = policy::constraints_of(*task.step.lost);
    options.more.insert(options.more.end(), lost.begin(), lost.end());
  }
  const auto own = policy::asked_of_connections(rules);
  options.more.insert(options.more.end(), own.begin(), own.end());
  const bool may_lose = may_lose_connections(rules);
  if (may_lose) {
    const auto asked = asked_of_answers(rules, options.more);
    options.more.insert(options.more.end(), asked.begin(), asked.end());
  }
  std::vector<bool> done(tasks.size(), false);
  const auto work = [&](set::Model& model) {
    pass::HostFunctions functions(model, rules);
    std::map<net::Direction, set::Node> ways;
    for (size_t i = 0; i < tasks.size() && !model.exhausted(); ++i) {
      if (done[i]) continue;  // by a run that wasn't cut short before
      const net::Direction direction = tasks[i].step.packets.direction;
      const auto [way, fresh] = ways.try_emplace(direction);
      if (fresh) way->second = functions.on_the_way(direction);
      Answer answer = answer_of(model, way->second, tasks[i]);
      if (may_lose && tasks[i].step.lost && answer.state == State::kProved)
        answer = decide_lost(model, functions, way->second, tasks, i);
      if (model.exhausted()) return;
      tasks[i].answer = std::move(answer);
      done[i] = true;
    }
  };
  const auto finished = pass::analyse({&rules}, options, work);
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (done[i]) continue;
    assert(!finished);
    tasks[i].answer = {
        .state = State::kUndecided,
        .example = {},
        .other = {},
        .why = fmt::format("{}; {}", finished.error().message, finished.error().hint)};
  }
}

// A claim of several steps is refuted by any of them, and proved by all.
Answer joined(const Answer& a, const Answer& b) {
  for (const State state : {State::kRefuted, State::kUndecided, State::kEmpty}) {
    if (a.state == state) return a;
    if (b.state == state) return b;
  }
  return a;
}

const ir::Ruleset* of_family(const std::vector<ir::Ruleset>& rulesets, net::Family family) {
  const auto found = std::ranges::find(rulesets, family, &ir::Ruleset::family);
  return found == rulesets.end() ? nullptr : &*found;
}

}  // namespace

CounterExample example_of(set::Model& model, set::Node set, const policy::Packets& packets,
                          bool passes) {
  // Headers that there are words for, and what connection tracking really calls invalid, where it
  // can be so.
  set::Arena& arena = model.arena();
  const auto prefer = [&](set::Node wanted) {
    const set::Node narrowed = arena.intersect(set, wanted);
    if (narrowed != set::kNothing && !model.exhausted()) set = narrowed;
  };
  prefer(model.of_shapes({set::Shape::kWhole, set::Shape::kLaterFragment}));
  const auto invalid = ir::ValueSet::of(static_cast<U128>(ir::CtState::kInvalid));
  prefer(arena.complement(model.of({&ir::kCtState, UINT32_MAX, invalid})));
  constexpr U128 kFlags = 0x3f;
  prefer(arena.unite(arena.complement(model.of({&ir::kCtState, UINT32_MAX, invalid})),
                     model.of({&set::kTcpFlags, kFlags, ir::ValueSet::of(net::kRst)})));
  CounterExample example{.family = model.space().family(),
                         .direction = packets.direction,
                         .passes = passes,
                         .packet = {},
                         .beside = {},
                         .answers = {}};
  const auto point = set::witness(model, set);
  if (!point || model.exhausted()) return example;
  example.packet = packet_of(model.space(), *point);
  switch (set::shape_of(model.space(), *point)) {
    case set::Shape::kPortsOnly: example.beside = "cut off behind its ports"; break;
    case set::Shape::kCutOff: example.beside = "cut off before its transport header ends"; break;
    default: break;
  }
  const auto& dimensions = model.space().dimensions();
  for (size_t i = 0; i < dimensions.size(); ++i) {
    if (dimensions[i].kind != set::Dimension::Kind::kAnswer) continue;
    const bool yes = point->values[i] != 0;
    const std::string& question = dimensions[i].question;
    example.answers[question] = yes;
    if (!yes) continue;
    const bool option = question.starts_with("tcp option");
    const std::string what = option
                                 ? "with " + question
                                 : "that -m " + question.substr(0, question.find('.')) + " matches";
    example.beside += (example.beside.empty() ? "" : ", ") + what;
  }
  return example;
}

Answer::State Proof::state() const {
  std::vector<State> states;
  for (const auto& [family, answer] : families) states.push_back(answer.state);
  if (both) states.push_back(both->state);
  for (const State state : {State::kRefuted, State::kUndecided, State::kProved})
    if (std::ranges::find(states, state) != states.end()) return state;
  return State::kEmpty;
}

std::vector<Proof> prove(const std::vector<ir::Ruleset>& rulesets,
                         const std::vector<policy::Claim>& claims,
                         const pass::AnalysisLimits& limits) {
  const auto since = std::chrono::steady_clock::now();
  std::vector<Proof> proofs(claims.size());
  for (const ir::Ruleset& rules : rulesets) {
    std::vector<Task> tasks = tasks_of(claims, rules.family);
    decide_family(rules, tasks, limits, since);
    for (const Task& task : tasks) {
      const auto [place, fresh] = proofs[task.claim].families.emplace(rules.family, task.answer);
      if (!fresh) place->second = joined(place->second, task.answer);
    }
  }
  const ir::Ruleset* const v4 = of_family(rulesets, net::Family::kIpv4);
  const ir::Ruleset* const v6 = of_family(rulesets, net::Family::kIpv6);
  for (size_t i = 0; i < claims.size(); ++i) {
    if (claims[i].kind == Claim::Kind::kSame) {
      proofs[i].both = v4 != nullptr && v6 != nullptr
                           ? same_answers(*v4, *v6, claims[i], limits, since)
                           : Answer{.state = State::kUndecided,
                                    .example = {},
                                    .other = {},
                                    .why = fmt::format("there are no rules of {} to compare with",
                                                       v4 == nullptr ? "IPv4" : "IPv6")};
    } else if (proofs[i].families.empty()) {
      proofs[i].both = Answer{.state = State::kUndecided,
                              .example = {},
                              .other = {},
                              .why = "there are no rules of the family that it is about"};
    }
  }
  return proofs;
}

}  // namespace bulkhead::app
