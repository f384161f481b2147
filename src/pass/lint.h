// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What a careful reader would remark on rules that are sound. Each lint is one function over ir and
// set, in a file of its own.

#include <optional>
#include <string>
#include <vector>

#include "pass/analysis.h"
#include "pass/reach.h"

namespace bulkhead::pass {

enum class LintKind : uint8_t {
  kNeverMatches,   // rules before it take all of its packets
  kContradiction,  // its conditions can't hold together
  kNoEffect,       // the same becomes of all packets without it
  kUnusedChain,
  kNoTwin,    // IPv6 has no such rule (or policy)
  kOpenPort,  // an administrative port is open to more than half of all addresses
};

// A chain, or a rule of it; numbers from 0.
struct RulePlace {
  std::string table;
  std::string chain;
  std::optional<size_t> rule;
  friend bool operator==(const RulePlace&, const RulePlace&) = default;
};

struct Lint {
  LintKind kind = LintKind::kNeverMatches;
  RulePlace place;
  std::string words;  // a sentence without a full stop
  // kNeverMatches: the rules that take its packets; kOpenPort: those that open it with this one.
  std::vector<RulePlace> others;
};

struct Lints {
  std::vector<Lint> found;  // by place
  // What there was no time or memory for, in words; nothing is said of it.
  std::vector<Error> unfinished;
};

// All of one family's rules. Needs a verified ruleset.
Lints lint(const ir::Ruleset& rules, const AnalysisLimits& limits);

// Rules and policies of table filter that decide without a word of addresses and that IPv6 doesn't
// have. Places are in `v4`.
std::vector<Lint> lint_twins(const ir::Ruleset& v4, const ir::Ruleset& v6);

// Of a rule whose packets so many rules before it take.
std::string never_matches_words(size_t takers);

// --- the parts, of one table
void lint_dead_rules(const ir::Table& table, const Reach& reach, std::vector<Lint>& found);
void lint_unused_chains(const ir::Table& table, std::vector<Lint>& found);
void lint_no_effect(set::Model& model, ChainFunctions& functions, Reach& reach,
                    std::vector<Lint>& found);
// All tables: what those before filter drop isn't open.
void lint_open_ports(const ir::Ruleset& rules, const AnalysisLimits& limits, Lints& lints);

}  // namespace bulkhead::pass
