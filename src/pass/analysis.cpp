// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/analysis.h"

#include <algorithm>
#include <cassert>
#include <iterator>

#include <fmt/format.h>

namespace bulkhead::pass {

namespace {

// Steps of operations that each order is given in turn; the last round has no limit but time and
// memory. About 2 and 20 seconds.
constexpr uint64_t kRounds[] = {16'000'000, 160'000'000, UINT64_MAX};

// How the orders are tried out: this many rules, spread over all, and steps.
constexpr size_t kProbedRules = 1000;
constexpr uint64_t kProbeSteps = 1'000'000;

Error too_large(set::Arena::Limit limit, const AnalysisLimits& limits) {
  if (limit == set::Arena::Limit::kSteps) {
    return {.kind = ErrorKind::kRefused,
            .message = fmt::format("the analysis needs more than {} steps", limits.steps)};
  }
  const bool memory = limit == set::Arena::Limit::kMemory;
  const auto seconds = limits.time.count() / 1000;
  return {.kind = ErrorKind::kRefused,
          .message = memory ? fmt::format("the analysis needs more than {} MiB of memory",
                                          limits.bytes >> 20)
                            : fmt::format("the analysis needs more than {} {}", seconds,
                                          seconds == 1 ? "second" : "seconds"),
          .hint = memory ? "--memory MIB allows it more" : "--time SECONDS allows it more"};
}

// What it costs to fold a sample of the rules under this order. That is enough to tell a good order
// from a hopeless one.
uint64_t probe(const std::vector<const ir::Ruleset*>& rulesets, const AnalysisOptions& options,
               set::Order order, size_t rules) {
  set::Model model(rulesets.front()->family, rulesets, options.more,
                   {.order = order,
                    .budget = {.bytes = options.limits.bytes, .steps = kProbeSteps},
                    .named_unknowns = options.named_unknowns,
                    .same = options.same});
  const size_t every = rules / kProbedRules + 1;
  size_t number = 0;
  std::vector<set::Node> functions;
  for (const ir::Ruleset* ruleset : rulesets) {
    for (const ir::Table& table : ruleset->tables) {
      for (const ir::Chain& chain : table.chains) {
        for (const ir::Rule& rule : chain.rules) {
          if (number++ % every == 0) functions.push_back(model.function(rule));
        }
      }
    }
  }
  model.sequence_all(std::move(functions));
  return model.arena().steps();
}

struct Orders {
  std::vector<set::Order> all;  // the most promising first
  size_t good;                  // so many; the others are for when those have failed
};

Orders orders_for(const std::vector<const ir::Ruleset*>& rulesets, const AnalysisOptions& options) {
  Orders orders{std::vector<set::Order>(std::begin(set::kOrders), std::end(set::kOrders)),
                std::size(set::kOrders)};
  size_t rules = 0;
  for (const ir::Ruleset* ruleset : rulesets) {
    for (const ir::Table& table : ruleset->tables) {
      for (const ir::Chain& chain : table.chains) rules += chain.rules.size();
    }
  }
  constexpr size_t kAnyOrderWillDo = 500;
  if (rules < kAnyOrderWillDo) return orders;
  std::vector<uint64_t> costs;
  for (const set::Order order : orders.all) costs.push_back(probe(rulesets, options, order, rules));
  // A new order must be clearly better: the first one makes the better descriptions.
  costs.front() -= costs.front() / 8;
  const auto cost = [&](set::Order order) { return costs[static_cast<size_t>(order)]; };
  std::ranges::stable_sort(orders.all, {}, cost);
  constexpr uint64_t kHopeless = 3;
  const uint64_t bound = kHopeless * cost(orders.all.front());
  orders.good = static_cast<size_t>(
      std::ranges::count_if(orders.all, [&](set::Order order) { return cost(order) <= bound; }));
  return orders;
}

}  // namespace

Result<AnalysisCost> analyse(const std::vector<const ir::Ruleset*>& rulesets,
                             const AnalysisOptions& options,
                             const std::function<void(set::Model&)>& work) {
  assert(!rulesets.empty());
  const auto deadline =
      options.since.value_or(std::chrono::steady_clock::now()) + options.limits.time;
  bool out_of_memory[std::size(set::kOrders)] = {};
  set::Arena::Limit last = set::Arena::Limit::kTime;
  const Orders orders = orders_for(rulesets, options);
  for (const uint64_t steps : kRounds) {
    const bool last_round = steps == kRounds[std::size(kRounds) - 1];
    for (size_t i = 0; i < (last_round ? orders.all.size() : orders.good); ++i) {
      const set::Order order = orders.all[i];
      if (out_of_memory[static_cast<size_t>(order)]) continue;
      set::Model model(rulesets.front()->family, rulesets, options.more,
                       {.order = order,
                        .budget = {.bytes = options.limits.bytes,
                                   .deadline = deadline,
                                   .steps = std::min(steps, options.limits.steps)},
                        .named_unknowns = options.named_unknowns,
                        .same = options.same});
      work(model);
      if (!model.exhausted())
        return AnalysisCost{order, model.arena().nodes(), model.arena().bytes()};
      last = model.arena().limit();
      if (last == set::Arena::Limit::kMemory) out_of_memory[static_cast<size_t>(order)] = true;
      if (last == set::Arena::Limit::kTime) return too_large(last, options.limits);
    }
  }
  return too_large(last, options.limits);
}

}  // namespace bulkhead::pass
