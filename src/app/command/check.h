// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/rules_to_analyse.h"
#include "pass/lint.h"

namespace bulkhead::app {

struct CheckOptions {
  std::vector<std::string> words;  // files, "kernel", "saved"
  pass::AnalysisLimits limits;
  Color color = Color::kAuto;
  bool json = false;
};

// Beside 0: nothing found.
inline constexpr int kFound = 1;
inline constexpr int kUnfinished = 2;

// A place, as one would write it to go there.
struct FoundAt {
  std::string text;  // "rules.v4:4:1"; without a file "kernel, table filter, rule 3 of INPUT"
  uint32_t line = 0;
  uint32_t column = 0;
  Span span;
  std::string rule;  // as it is written, or as -S prints it
};

struct Finding {
  std::optional<pass::LintKind> kind;  // none: it isn't understood, or can't be enforced
  net::Family family = net::Family::kIpv4;
  pass::RulePlace place;
  std::string words;
  FoundAt at;
  std::vector<FoundAt> others;
  std::vector<net::Family> families;  // that it holds for
};

struct Checked {
  RulesToAnalyse rules;
  std::vector<Finding> findings;
  std::vector<Error> unfinished;
};

// `all`: what was read together; IPv4 rules in one may have their twins in another.
std::vector<Checked> check(std::vector<RulesToAnalyse> all, const pass::AnalysisLimits& limits);

// What is said of all rules of a line as one remark of the line; what is said of some of them names
// their addresses.
std::vector<pass::Lint> by_line(const ir::Ruleset& rules, std::vector<pass::Lint> lints);

std::string check_text(const Checked& checked, const Paint& paint);
std::string check_json(const std::vector<Checked>& all);

// What a careful reader would remark on rules.
int run_check(const CheckOptions& options);

}  // namespace bulkhead::app
