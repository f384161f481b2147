// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/apply.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/console.h"
#include "app/report.h"
#include "app/rules_input.h"
#include "app/store.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

bool enforces(const ir::Table& table) {
  return std::ranges::any_of(table.chains, [](const ir::Chain& chain) {
    return !chain.rules.empty() || chain.policy == ir::Policy::kDrop;
  });
}

// Files that say nothing, or nothing about a table that is in force, would open the host: a
// generator that failed, the wrong file. To remove rules there is `bulkhead clear`.
Result<void> check_nothing_is_lost(const std::vector<ir::Ruleset>& rulesets, const View& ours) {
  for (const ir::Ruleset& rules : rulesets) {
    if (rules.tables.empty()) {
      return Error{
          .kind = ErrorKind::kUsage,
          .message = fmt::format("there is no table for {} in the files; nothing is changed",
                                 family_name(rules.family)),
          .hint = "to take all rules out of the kernel: bulkhead clear"};
    }
    for (const ir::Table& table : ours.of(rules.family).rules.tables) {
      if (rules.find(table.name) != nullptr || !enforces(table)) continue;
      return Error{.kind = ErrorKind::kRefused,
                   .message = fmt::format(
                       "table {} of {} is in force and stands in none of the files, so its rules "
                       "would be gone; nothing is changed",
                       table.name, family_name(rules.family)),
                   .hint = fmt::format("add `*{}' with its rules to the files, or take one table "
                                       "alone with iptables-restore",
                                       table.name)};
    }
  }
  return {};
}

}  // namespace

int run_apply(const ApplyOptions& options) {
  std::vector<RulesInput> inputs;
  for (const std::string& file : options.files) {
    auto input = read_rules_file(file, options.family);
    if (!input) return report(input.error());
    inputs.push_back(*std::move(input));
  }
  const auto rulesets = parse_inputs(inputs);
  if (!rulesets) return report(rulesets.error());

  std::vector<std::string> parts;
  for (const ir::Ruleset& rules : *rulesets) parts.push_back(summary(rules));
  const std::string what = fmt::format("{}", fmt::join(parts, ", "));
  const auto backend = open_backend();
  if (!backend) return report(backend.error());
  Store store(**backend);
  const auto ours = store.look();
  if (!ours) return report(ours.error());
  if (auto fine = check_nothing_is_lost(*rulesets, *ours); !fine) return report(fine.error());
  const auto done =
      options.test ? store.rehearse(*rulesets) : store.replace(*rulesets, options.wait);
  if (!done) return report(done.error());
  print(fmt::format("{}: {}\n", options.test ? "fine, and not applied" : "in force", what));
  return kDone;
}

}  // namespace bulkhead::app
