// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/personality/command.h"

#include <fmt/format.h>

#include "app/personality/help.h"
#include "app/personality/report.h"
#include "app/store.h"
#include "lang/edit.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "lang/words.h"

namespace bulkhead::app {

namespace {

constexpr int kVersionProblem = 3;

bool only_reads(const lang::Operation& operation) {
  if (const auto* list = std::get_if<lang::List>(&operation)) return !list->zero;
  return std::holds_alternative<lang::Check>(operation);
}

// Prints into `out` what the command shows, from the same look that it changes: `-L -Z` zeroes
// exactly the counts that it printed.
Result<void> execute(const Personality& self, const lang::Command& command, std::string& out) {
  Result<std::unique_ptr<backend::Backend>> backend = self.open();
  if (!backend) return backend.error();
  Store store(**backend);
  if (only_reads(command.operation)) {
    Result<ir::Ruleset> rules = store.load(self.family);
    if (!rules) return rules.error();
    out = lang::output_of(command, *rules, self.names);
    return lang::edit(command.operation, command.table, *rules);
  }
  return store.change(self.family, wait_time(command.wait_seconds), [&](ir::Ruleset& rules) {
    out = lang::output_of(command, rules, self.names);
    return lang::apply(command, rules);
  });
}

}  // namespace

Outcome run_command(const Personality& self, std::span<char* const> arguments) {
  Outcome outcome;
  const lang::CommandLine line = lang::words_of_argv(arguments);
  Result<lang::Command> command = lang::parse_command(line.words, self.family, self.names);
  if (!command) {
    report_command(self, command.error(), line.source, "", outcome);
    return outcome;
  }
  for (const std::string& warning : command->warnings) outcome.err += warning + '\n';
  if (const auto* version = std::get_if<lang::Version>(&command->operation)) {
    outcome.out =
        version->negated ? fmt::format("Not {} ;-)\n", kVersion) : version_line(self.program);
    return outcome;
  }
  if (const auto* help = std::get_if<lang::Help>(&command->operation)) {
    outcome.out = help_text(self.program, self.family, *help);
    return outcome;
  }
  if (ir::builtin_table(command->table) == nullptr) {
    const std::string_view family = self.family == net::Family::kIpv4 ? "iptables" : "ip6tables";
    outcome.err += fmt::format(
        "{} v{}: can't initialize {} table `{}': Table does not exist (do you need to insmod?)\n"
        "Perhaps {} or your kernel needs to be upgraded.\n",
        self.program, kVersion, family, command->table, self.program);
    outcome.exit_code = kVersionProblem;
    return outcome;
  }
  if (auto r = execute(self, *command, outcome.out); !r) {
    report_command(self, r.error(), line.source, command->table, outcome);
  }
  return outcome;
}

}  // namespace bulkhead::app
