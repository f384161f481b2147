// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/rules_input.h"
#include "pass/analysis.h"

namespace bulkhead::app {

// Rules of a file, those in force, or those that a boot loads.
struct RulesToAnalyse {
  std::string name;                   // the file's, "kernel" or "saved"
  std::vector<ir::Ruleset> rulesets;  // one for each family that they speak of, IPv4 first
  std::optional<Source> source;       // the text that the rules' spans are in
  ReadingNotes notes = {};            // of a file
};

// Who tells the user of what a file's lenient reading made do without: rules_to_analyse(), on
// stderr, or who has called it.
enum class UnreadIsTold { kHere, kByCaller };

inline constexpr std::string_view kKernelRules = "kernel";
inline constexpr std::string_view kSavedRules = "saved";

// `word`: "kernel", "saved", "-" for stdin, or a file (./kernel for one of that name). `family`:
// only that one; of a file, as for `bulkhead apply`. A file is read leniently: a dump may
// be another firewall's. Warnings go to stderr.
Result<RulesToAnalyse, Failure> rules_to_analyse(const std::string& word,
                                                 std::optional<net::Family> family = {},
                                                 UnreadIsTold told = UnreadIsTold::kHere);

}  // namespace bulkhead::app
