// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/restore.h"

#include <getopt.h>

#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "app/personality/file_programs.h"
#include "app/personality/report.h"
#include "app/store.h"
#include "lang/number.h"
#include "net/family.h"

namespace bulkhead::app {

namespace {

constexpr option kRestoreOptions[] = {
    {"counters", no_argument, nullptr, 'c'},
    {"verbose", no_argument, nullptr, 'v'},
    {"version", no_argument, nullptr, 'V'},
    {"test", no_argument, nullptr, 't'},
    {"help", no_argument, nullptr, 'h'},
    {"noflush", no_argument, nullptr, 'n'},
    {"modprobe", required_argument, nullptr, 'M'},
    {"table", required_argument, nullptr, 'T'},
    {"wait", optional_argument, nullptr, 'w'},
    {"wait-interval", optional_argument, nullptr, 'W'},
    {nullptr, 0, nullptr, 0},
};

struct RestoreArguments {
  lang::RestoreOptions options;
  bool test = false;
  std::optional<uint32_t> wait;
  bool has_interval = false;
  std::string file = "-";
};

std::string usage_text(std::string_view program) {
  return fmt::format(
      "Usage: {} [-c] [-n] [-t] [-v] [-T TABLE] [-w [SECONDS]] [-M COMMAND] [FILE]\n"
      "  -c, --counters        take the counters in the file\n"
      "  -n, --noflush         keep the rules that are there\n"
      "  -t, --test            check the file, change nothing\n"
      "  -v, --verbose         say what is done\n"
      "  -T, --table TABLE     only this table of the file\n"
      "  -w, --wait [SECONDS]  how long to wait for other programs that change the rules\n"
      "  -M, --modprobe COMMAND, -W, --wait-interval MICROSECONDS\n"
      "                        ignored\n"
      "  -h, --help; -V, --version\n",
      program);
}

// getopt's "w" has no argument in the short form; iptables-restore takes the next word if it can be
// one.
const char* argument_or_next(int argc, char** argv) {
  if (optarg != nullptr) return optarg;
  if (optind < argc && argv[optind][0] != '-' && argv[optind][0] != '!') return argv[optind++];
  return nullptr;
}

Outcome parameter_problem(const Personality& self, std::string_view message) {
  return {.exit_code = 2,
          .err = fmt::format("{0} v{1}: {2}\nTry `{0} -h' or '{0} --help' for more information.\n",
                             self.program, kVersion, message)};
}

// Gives the outcome where the arguments already decide it.
std::optional<Outcome> read_arguments(const Personality& self, int argc, char** argv,
                                      RestoreArguments& arguments, std::string& err) {
  optind = 0;  // glibc: start anew
  for (int c = 0; (c = getopt_long(argc, argv, "bcvVthnwWM:T:", kRestoreOptions, nullptr)) != -1;) {
    switch (c) {
      case 'b': err += "-b/--binary option is not implemented\n"; break;
      case 'c': arguments.options.counters = true; break;
      case 'v': ++arguments.options.verbosity; break;
      case 'V': return Outcome{.out = version_line(self.program)};
      case 't': arguments.test = true; break;
      case 'h': return Outcome{.err = usage_text(self.program)};
      case 'n': arguments.options.noflush = true; break;
      case 'M': break;
      case 'T': arguments.options.table = optarg; break;
      case 'w': {
        const char* text = argument_or_next(argc, argv);
        const auto seconds =
            text == nullptr ? std::optional<int64_t>(-1) : lang::leading_integer(text);
        if (!seconds) return parameter_problem(self, "wait seconds not numeric");
        arguments.wait =
            *seconds < 0 || *seconds > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(*seconds);
        break;
      }
      case 'W': {
        const char* text = argument_or_next(argc, argv);
        if (text == nullptr) return parameter_problem(self, "wait interval value required");
        if (!lang::leading_number(text))
          return parameter_problem(self, "wait interval not numeric");
        err += "Ignoring deprecated --wait-interval option.\n";
        arguments.has_interval = true;
        break;
      }
      default:
        return Outcome{.exit_code = 1,
                       .err = fmt::format("Try `{} -h' for more information.\n", self.program)};
    }
  }
  if (optind + 1 < argc)
    return Outcome{.exit_code = 1, .err = "Unknown arguments found on commandline\n"};
  if (optind < argc) arguments.file = argv[optind];
  if (arguments.has_interval && arguments.wait.value_or(0) == 0) {
    return Outcome{.exit_code = 1, .err = "Option --wait-interval requires option --wait\n"};
  }
  return std::nullopt;
}

Result<void> load_file(const Personality& self, const Source& source,
                       const RestoreArguments& arguments, Outcome& outcome) {
  Result<std::unique_ptr<backend::Backend>> backend = self.open();
  if (!backend) return backend.error();
  Store store(**backend);
  std::vector<std::string> warnings;
  const Store::Edit edit = [&](ir::Ruleset& rules) {
    outcome.out.clear();
    warnings.clear();
    lang::RestoreOptions options = arguments.options;
    options.names = &self.names;
    options.program = self.program;
    options.output = &outcome.out;
    options.warnings = &warnings;
    return lang::restore(source, options, rules);
  };
  // A file that says everything doesn't need to know what is there, so it also mends what can't be
  // read (as long as it has table filter: see OnDamage).
  const bool is_whole = !arguments.options.noflush && !arguments.options.table;
  Result<void> done;
  if (arguments.test) {
    Result<ir::Ruleset> rules = store.load(self.family);
    const Result<ir::Ruleset> found = rules;
    if (!rules && is_whole && rules.error().kind == ErrorKind::kDamaged)
      rules = ir::Ruleset{.family = self.family};
    if (!rules) return rules.error();
    done = edit(*rules);
    if (done && !found && rules->find("filter") == nullptr) return found.error();
    if (done) done = store.rehearse({&*rules, 1});
  } else {
    std::string damage;
    done = store.change(self.family, wait_time(arguments.wait), edit,
                        is_whole ? OnDamage::kStartAnew : OnDamage::kRefuse, &damage);
    // What else it held is gone, unlike that of a sound one.
    if (done && !damage.empty()) {
      warnings.push_back(
          fmt::format("{}: warning: the table `{} bulkhead' was damaged: {}: all that it held is "
                      "replaced, also tables that the file doesn't name",
                      self.program, net::family_word(self.family), damage));
    }
  }
  for (const std::string& warning : warnings) outcome.err += warning + '\n';
  return done;
}

}  // namespace

Outcome run_restore(const Personality& self, int argc, char** argv, const ReadFile& input) {
  Outcome outcome;
  RestoreArguments arguments;
  if (auto decided = read_arguments(self, argc, argv, arguments, outcome.err)) {
    decided->err = outcome.err + decided->err;
    return *std::move(decided);
  }
  Result<std::string> text = input(arguments.file);
  if (!text) {
    outcome.err += text.error().message + '\n';
    outcome.exit_code = 1;
    return outcome;
  }
  const Source source(arguments.file, *std::move(text));
  if (auto r = load_file(self, source, arguments, outcome); !r)
    report_restore(self, r.error(), source, outcome);
  return outcome;
}

}  // namespace bulkhead::app
