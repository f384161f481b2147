// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/firewalls.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "kernel/differential/event.h"

namespace bulkhead::testing {
namespace {

// docs/differences.md: a table that does nothing counts nothing.
void leave_out_idle_tables(std::vector<RuleCounter>& counters) {
  std::set<std::string> busy = {"filter", "nat"};
  std::set<std::pair<std::string, std::string>> built_in;
  for (const RuleCounter& each : counters) {
    const bool policy = each.rule.starts_with("-P");
    if (policy) built_in.emplace(each.table, each.chain);
    const bool does_something =
        policy ? each.rule.ends_with(" DROP") : built_in.contains({each.table, each.chain});
    if (does_something) busy.insert(each.table);
  }
  std::erase_if(counters, [&](const RuleCounter& each) { return !busy.contains(each.table); });
}

}  // namespace

KernelFirewall::KernelFirewall(bool ours) : ours_(ours), rig_(net_, differential_network()) {
  net_.must_exec({"nft", "-f", "-"}, {.input = differential_marks()});
}

Deeds KernelFirewall::run(bool ip6, const std::string& rules, const Send& send) {
  const Xtables tables(
      net_, ours_ ? XtablesPrograms::in(BULKHEAD_BIN_DIR, ip6) : XtablesPrograms::legacy(ip6));
  const ExecResult loaded = tables.restore(rules);
  if (!loaded.ok()) return {.error = loaded.describe(), .fates = {}, .counters = {}};
  rig_.flush_conntrack();
  Deeds deeds{.error = {}, .fates = send(rig_), .counters = tables.counters()};
  leave_out_idle_tables(deeds.counters);
  // Each has an order of its own for them.
  std::ranges::stable_sort(deeds.counters, {}, &RuleCounter::table);
  return deeds;
}

std::optional<std::string> compare_kernels(std::span<const std::string> packets, const Deeds& ours,
                                           const Deeds& legacy) {
  for (size_t i = 0; i < packets.size(); ++i) {
    if (ours.fates[i] == legacy.fates[i]) continue;
    return fmt::format("packet {} ({}):\n  ours: {}\n  iptables-legacy: {}", i + 1, packets[i],
                       ours.fates[i], legacy.fates[i]);
  }
  if (ours.counters.size() != legacy.counters.size())
    return "ours has other rules than iptables-legacy";
  for (size_t i = 0; i < ours.counters.size(); ++i) {
    if (ours.counters[i] == legacy.counters[i]) continue;
    return fmt::format("ours: {}\n  iptables-legacy: {}", text(ours.counters[i]),
                       text(legacy.counters[i]));
  }
  return std::nullopt;
}

std::string keep_report(std::string_view test, const std::string& report, bool ip6, uint64_t seed) {
  const auto file =
      std::filesystem::absolute(fmt::format("{}-ip{}-{}.txt", test, ip6 ? 6 : 4, seed));
  std::ofstream(file) << report;
  return file.string();
}

void TwoKernels::SetUp() {
  if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
  ours_ = std::make_unique<KernelFirewall>(true);
  legacy_ = std::make_unique<KernelFirewall>(false);
}

}  // namespace bulkhead::testing
