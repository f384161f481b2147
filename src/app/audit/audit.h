// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The whole audit: every check, of each family's rules and of the host.

#include <set>
#include <string>
#include <vector>

#include "app/audit/check.h"
#include "pass/analysis.h"

namespace bulkhead::app::audit {

struct Input {
  std::vector<ir::Ruleset> rulesets;  // one a family, IPv4 first
  const HostFacts* host = nullptr;    // none: a file is audited
  Declared declared;
  std::set<std::string, std::less<>> skipped;  // ids
  pass::AnalysisLimits limits;                 // in all
};

// A check's answers, of both families and in one.
struct CheckResult {
  const Check* check = nullptr;
  Answer answer;
  // A check that ran out of time or memory for one family and not for the other is kUnknown, unless
  // something was found.
};

// In the order of checks(), without those that are skipped. Those of the host are left out where
// there is none. A check that the limits cut short is kUnknown: it never passes.
std::vector<CheckResult> audit(const Input& input);

// Whether nothing fails and nothing is unknown.
bool all_pass(const std::vector<CheckResult>& results);

}  // namespace bulkhead::app::audit
