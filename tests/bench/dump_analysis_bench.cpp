// SPDX-License-Identifier: GPL-2.0-or-later
// A real dump of 5,000 rules (../shared/corpus), cold, reading included: its whole analysis (dead
// rules, who reaches whom with ssh, where sources can't be forged), and what one changed rule
// changes. Beside them what `bulkhead check` finds in synthetic sets.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>

#include "app/interfaces_file.h"
#include "app/rules_text.h"
#include "bench/classbench.h"
#include "pass/analysis.h"
#include "pass/difference.h"
#include "pass/lint.h"
#include "pass/reach.h"
#include "pass/service_matrix.h"
#include "pass/spoofing.h"

namespace bulkhead::testing {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return std::move(text).str();
}

// Of this process, from here on (proc(5), clear_refs and VmHWM).
class PeakMemory {
 public:
  PeakMemory() { std::ofstream("/proc/self/clear_refs") << 5; }
  double mib() const {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmHWM:")) return std::stod(line.substr(line.find(':') + 1)) / 1024;
    return 0;
  }
};

ir::Ruleset parsed(const std::string& text, net::Family family) {
  const Source source("rules", text);
  std::vector<lang::Unread> unread;
  auto rules = app::parse_rules(source, family, app::Counts::kLeftOut, nullptr, &unread);
  if (!rules) throw std::runtime_error(render(rules.error(), source));
  return *std::move(rules);
}

void analysed(benchmark::State& state, const fs::path& folder) {
  const net::Family family = net::Family::kIpv4;
  const pass::Service ssh{.protocol = 6, .port = 22, .source_port = 10000};
  const PeakMemory peak;
  size_t dead = 0;
  pass::ServiceMatrix matrix;
  for (auto _ : state) {
    const ir::Ruleset rules = parsed(read(folder / "tum-2015-05-15.v4"), family);
    const auto interfaces =
        app::parse_interfaces(Source("interfaces", read(folder / "tum.interfaces")), family);
    if (!interfaces) return state.SkipWithError("the interfaces can't be read");
    const ir::Table& filter = *rules.find("filter");
    const ir::Chain& forward = *filter.find("FORWARD");
    const auto all = pass::analyse(
        {&rules}, {.limits = {}, .more = asked_of(*interfaces, family)}, [&](set::Model& model) {
          pass::ChainFunctions functions(model, filter);
          benchmark::DoNotOptimize(functions.decided(forward));
          dead = pass::dead_rules(model, functions).size();
          benchmark::DoNotOptimize(
              pass::spoofing_protection(model, functions, forward, *interfaces));
        });
    const ir::Ruleset known = pass::abstracted(filter, forward, *interfaces, family);
    const auto who =
        pass::analyse({&known}, {.limits = {}, .more = asked_of(ssh)}, [&](set::Model& model) {
          const ir::Table& table = known.tables.front();
          pass::ChainFunctions functions(model, table);
          matrix = pass::service_matrix(model, functions, *table.find("FORWARD"), ssh).value();
        });
    if (!all || !who) return state.SkipWithError("the analysis didn't end");
  }
  state.counters["dead"] = static_cast<double>(dead);
  state.counters["classes"] = static_cast<double>(matrix.classes.size());
  state.counters["peak_MiB"] = peak.mib();
}

// The rule in the middle that accepts drops.
void compared(benchmark::State& state, const fs::path& folder) {
  const std::string before = read(folder / "tum-2015-05-15.v4");
  std::string after = before;
  const size_t at = after.find("-j ACCEPT", after.size() / 2);
  if (at == std::string::npos) return state.SkipWithError("no rule to change");
  after.replace(at, std::string_view("-j ACCEPT").size(), "-j DROP");
  const PeakMemory peak;
  size_t changes = 0;
  for (auto _ : state) {
    const auto found =
        pass::difference(parsed(before, net::Family::kIpv4), parsed(after, net::Family::kIpv4), {});
    if (!found) return state.SkipWithError("the analysis didn't end");
    changes = found->changes.size();
  }
  state.counters["changes"] = static_cast<double>(changes);
  state.counters["peak_MiB"] = peak.mib();
}

void checked(benchmark::State& state, const std::string& text, net::Family family) {
  const PeakMemory peak;
  size_t found = 0;
  for (auto _ : state) {
    const pass::Lints lints = pass::lint(parsed(text, family), {});
    if (!lints.unfinished.empty()) return state.SkipWithError("the analysis didn't end");
    found = lints.found.size();
  }
  state.counters["found"] = static_cast<double>(found);
  state.counters["peak_MiB"] = peak.mib();
}

template <class Work> void add(const std::string& name, const Work& work) {
  benchmark::RegisterBenchmark(name.c_str(), work)->Unit(benchmark::kMillisecond);
}

const bool kRegistered = [] {
  const auto folder = corpus();
  if (!folder) return false;
  const fs::path dumps = *folder / "rulesets" / "fffuu";
  add("dump/analysis", [=](benchmark::State& state) { analysed(state, dumps); });
  add("dump/difference", [=](benchmark::State& state) { compared(state, dumps); });
  for (const char* set : {"acl1", "fw1", "ipc1"}) {
    for (const net::Family family : net::kFamilies) {
      const std::string text =
          classbench_rules(*folder / "classbench" / (std::string(set) + "_10k"), family);
      add(std::string("check/") + set + "_10k" + (family == net::Family::kIpv4 ? "/v4" : "/v6"),
          [=](benchmark::State& state) { checked(state, text, family); });
    }
  }
  return true;
}();

}  // namespace
}  // namespace bulkhead::testing
