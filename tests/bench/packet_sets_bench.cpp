// SPDX-License-Identifier: GPL-2.0-or-later
// What analyses by packet sets cost, parsing included: ./dev bench. Needs ../shared/corpus.
#include <benchmark/benchmark.h>

#include "app/rules_text.h"
#include "bench/classbench.h"
#include "pass/analysis.h"
#include "pass/reach.h"

namespace bulkhead::testing {
namespace {

ir::Ruleset parsed(const std::string& name, const std::string& text, net::Family family) {
  const Source source(name, text);
  auto rules = app::parse_rules(source, family, app::Counts::kLeftOut);
  if (!rules) throw std::runtime_error(render(rules.error(), source));
  return *std::move(rules);
}

// The total first-match function of every built-in chain, and the dead rules.
void analysed(benchmark::State& state, const std::string& name, const std::string& text,
              net::Family family) {
  for (auto _ : state) {
    const ir::Ruleset rules = parsed(name, text, family);
    size_t dead = 0;
    const auto cost = pass::analyse({&rules}, {}, [&](set::Model& model) {
      dead = 0;
      for (const ir::Table& table : rules.tables) {
        pass::ChainFunctions functions(model, table);
        for (const ir::Chain& chain : table.chains)
          if (chain.builtin()) benchmark::DoNotOptimize(functions.decided(chain));
        dead += pass::dead_rules(model, functions).size();
      }
    });
    if (!cost) return state.SkipWithError(cost.error().message.c_str());
    state.counters["dead"] = static_cast<double>(dead);
    state.counters["nodes"] = static_cast<double>(cost->nodes);
    state.counters["MiB"] = static_cast<double>(cost->bytes >> 20);
    state.counters["order"] = static_cast<double>(cost->order);
  }
}

const bool kRegistered = [] {
  const auto folder = corpus();
  if (!folder) return false;
  for (const char* set : {"acl1", "fw1", "ipc1"}) {
    for (const char* size : {"1k", "10k"}) {
      for (const net::Family family : net::kFamilies) {
        const std::string name = std::string("dead_rules/") + set + "_" + size +
                                 (family == net::Family::kIpv4 ? "/v4" : "/v6");
        const std::string text =
            classbench_rules(*folder / "classbench" / (std::string(set) + "_" + size), family);
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
          analysed(state, name, text, family);
        })->Unit(benchmark::kMillisecond);
      }
    }
  }
  return true;
}();

}  // namespace
}  // namespace bulkhead::testing
