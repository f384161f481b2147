// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Command scripts as plain text (tests/cases/commands/*.case): what is typed into a fresh host, and
// what comes out.
//
//   == name of a script
//   @ kernel                                  what it says comes from the kernel or its modules
//   $ iptables -A INPUT -p tcp --dport 22     a command
//   < *filter                                 a line of its stdin
//   ~ why                  behind a command: iptables-legacy is not asked, or says something else
//   | -A INPUT -j DROP     a line of its stdout
//   ! iptables: Too many   the first line of its stderr
//   = 1                    its exit code, if not 0
//   # a remark
//
// Where "(bulkhead)" stands iptables-legacy says "(legacy)"; a date is DATE.

#include <cstddef>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::testing {

// What a command does, as far as scripts say.
struct Said {
  std::string out;
  std::string err;  // the first line only
  int exit_code = 0;

  friend bool operator==(const Said&, const Said&) = default;
};
// From all that it printed; dates and who speaks made alike.
Said said(std::string_view out, std::string_view err, int exit_code);
std::string to_string(const Said& said);

struct ScriptStep {
  std::string command;
  std::string input;
  bool differs = false;
  Said expected;
  size_t line = 0;
};

struct Script {
  std::filesystem::path file;
  std::string name;
  std::vector<ScriptStep> steps;
  bool needs_kernel = false;
};
void PrintTo(const Script& script, std::ostream* stream);  // for GoogleTest
std::string test_name(const Script& script);               // "words_one_command_only"

// Of one file; a line that can't be understood is a SupportError.
std::vector<Script> read_scripts(const std::filesystem::path& file);
// Of every .case file of a folder.
std::vector<Script> read_all_scripts(const std::filesystem::path& folder);

}  // namespace bulkhead::testing
