// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/apply.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/console.h"
#include "app/report.h"
#include "app/rules_input.h"
#include "app/store.h"
#include "app/summary.h"

namespace bulkhead::app {

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
  const auto done =
      options.test ? store.rehearse(*rulesets) : store.replace(*rulesets, options.wait);
  if (!done) return report(done.error());
  print(fmt::format("{}: {}\n", options.test ? "fine, and not applied" : "in force", what));
  return kDone;
}

}  // namespace bulkhead::app
