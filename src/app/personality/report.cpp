// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/personality/report.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fmt/format.h>

namespace bulkhead::app {

namespace {

// XTF exit codes of xtables.h.
constexpr int kOtherProblem = 1;
constexpr int kParameterProblem = 2;
constexpr int kResourceProblem = 4;

// What iptables would have said: of a refusal by the kernel it knows no more than the errno.
std::string legacy_text(const Error& error) {
  if (error.errno_value == 0) return error.message;
  if (error.errno_value == ENOENT) return "No chain/target/match by that name";
  std::string text = std::strerror(error.errno_value);
  if (error.errno_value == EINVAL) text += ". Run `dmesg' for more information";
  if (error.errno_value == ENOENT) text = "No chain/target/match by that name";
  return text;
}

// Place and hint; with our message in front if the first line said less.
std::string details(const Error& error, const Source& source, bool with_message) {
  const std::string text = render(error, source);
  return with_message ? text : text.substr(text.find('\n') + 1);
}

std::string try_help(const Personality& self) {
  return fmt::format("Try `{0} -h' or '{0} --help' for more information.\n", self.program);
}

// What it says before, of a match or a target that the kernel doesn't have; else nothing.
std::string warning(const Error& error) {
  const bool missing = error.errno_value == ENOENT && error.message.starts_with("Extension ");
  return missing ? fmt::format("Warning: {}\n", error.message) : "";
}

// "Bad argument `x'" comes without the program's name.
std::string usage_line(const Personality& self, const Error& error) {
  if (error.message.starts_with("Bad argument `")) return error.message + '\n';
  return fmt::format("{} v{}: {}\n", self.program, kVersion, error.message);
}

// The kinds that are alike for every program.
void report_other(const Personality& self, const Error& error, std::string_view table,
                  Outcome& outcome) {
  switch (error.kind) {
    case ErrorKind::kPermission:
      // The text of xtables' exit code 3; but a user who is not root is stopped by xtables' lock
      // before, with 4.
      outcome.err += fmt::format(
          "{} v{}: can't initialize {} table `{}': Permission denied (you must be root)\n",
          self.program, kVersion, self.family == net::Family::kIpv4 ? "iptables" : "ip6tables",
          table);
      outcome.exit_code = kResourceProblem;
      break;
    case ErrorKind::kSystem:
      outcome.err += fmt::format("{} v{}: {}\n", self.program, kVersion, error.message);
      outcome.exit_code = kOtherProblem;
      break;
    default:
      outcome.err += fmt::format("{}: {}\n", self.program, error.message);
      outcome.exit_code = kResourceProblem;
      break;
  }
}

}  // namespace

void report_command(const Personality& self, const Error& error, const Source& words,
                    std::string_view table, Outcome& outcome) {
  if (error.kind == ErrorKind::kUsage) {
    outcome.err += usage_line(self, error) + details(error, words, false) + try_help(self);
    outcome.exit_code = kParameterProblem;
    return;
  }
  if (error.kind == ErrorKind::kRefused) {
    const std::string text = legacy_text(error);
    const std::string warned = warning(error);
    const bool says_more = error.errno_value != 0 && !text.starts_with(error.message);
    outcome.err += warned + fmt::format("{}: {}.\n", self.program, text) +
                   details(error, words, says_more && warned.empty());
    outcome.exit_code = kOtherProblem;
    return;
  }
  report_other(self, error, table, outcome);
  outcome.err += details(error, words, false);
}

void report_restore(const Personality& self, const Error& error, const Source& file,
                    Outcome& outcome) {
  const uint32_t line = file.position(error.span.begin).line;
  if (error.kind == ErrorKind::kUsage) {
    outcome.err += usage_line(self, error) + details(error, file, false) +
                   fmt::format("Error occurred at line: {}\n", line) + try_help(self);
    outcome.exit_code = kParameterProblem;
    return;
  }
  if (error.kind == ErrorKind::kRefused) {
    // Without a place it is about the file as a whole ("COMMIT expected at line 7").
    const std::string warned = warning(error);
    outcome.err += warned;
    outcome.err += error.span.empty() ? fmt::format("{}: {}\n", self.program, error.message)
                                      : fmt::format("{}: line {} failed\n", self.program, line);
    outcome.err += details(error, file, !error.span.empty() && warned.empty());
    outcome.exit_code = kOtherProblem;
    return;
  }
  report_other(self, error, "filter", outcome);
  outcome.err += details(error, file, false);
}

}  // namespace bulkhead::app
