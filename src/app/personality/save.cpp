// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>

#include <fmt/format.h>

#include "app/personality/file_programs.h"
#include "app/personality/report.h"
#include "app/store.h"
#include "lang/print.h"

namespace bulkhead::app {

namespace {

constexpr option kSaveOptions[] = {
    {"counters", no_argument, nullptr, 'c'},
    {"dump", no_argument, nullptr, 'd'},
    {"table", required_argument, nullptr, 't'},
    {"modprobe", required_argument, nullptr, 'M'},
    {"file", required_argument, nullptr, 'f'},
    {"version", no_argument, nullptr, 'V'},
    {nullptr, 0, nullptr, 0},
};

Outcome failed(std::string message) { return {.exit_code = 1, .err = std::move(message) + '\n'}; }

Result<std::string> saved_text(const Personality& self, const lang::SaveStyle& style) {
  Result<std::unique_ptr<backend::Backend>> backend = self.open();
  if (!backend) return backend.error();
  Result<ir::Ruleset> rules = Store(**backend).load(self.family);
  if (!rules) return rules.error();
  // A table that is asked for by name is shown even if nothing was ever written to it.
  if (style.table) rules->table(*style.table);
  return lang::save(*rules, style);
}

}  // namespace

Outcome run_save(const Personality& self, int argc, char** argv, std::string_view date,
                 const WriteFile& output) {
  lang::SaveStyle style{.counters = false, .program = self.program, .date = date};
  std::optional<std::string> file;
  std::string err;
  optind = 0;  // glibc: start anew
  for (int c = 0; (c = getopt_long(argc, argv, "bcdt:M:f:V", kSaveOptions, nullptr)) != -1;) {
    switch (c) {
      case 'b': err += "-b/--binary option is not implemented\n"; break;
      case 'c': style.counters = true; break;
      case 'd':
      case 'M': break;
      case 't': style.table = optarg; break;
      case 'f': file = optarg; break;
      case 'V': return {.out = version_line(self.program)};
      default:
        return failed(
            fmt::format("{}Look at manual page `{}.8' for more information.", err, self.program));
    }
  }
  if (optind < argc) return failed(err + "Unknown arguments found on commandline");
  if (style.table && ir::builtin_table(*style.table) == nullptr) {
    return failed(
        fmt::format("{}{} v{}: Cannot initialize: Table does not exist (do you need to insmod?)",
                    err, self.program, kVersion));
  }
  Outcome outcome{.err = std::move(err)};
  Result<std::string> text = saved_text(self, style);
  if (!text) {
    report_command(self, text.error(), Source("", ""), style.table.value_or("filter"), outcome);
    return outcome;
  }
  if (!file) {
    outcome.out = *std::move(text);
  } else if (auto r = output(*file, *text); !r) {
    outcome.err += r.error().message + '\n';
    outcome.exit_code = 1;
  }
  return outcome;
}

}  // namespace bulkhead::app
