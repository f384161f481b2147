// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "app/console.h"
#include "app/rules_to_analyse.h"
#include "pass/difference.h"

namespace bulkhead::app {

struct DiffOptions {
  std::string before;  // a file, "kernel" or "saved"
  std::string after;
  size_t most = 3;  // exact descriptions of packets that change in the same way
  pass::AnalysisLimits limits;
  Color color = Color::kAuto;
  bool json = false;
};

// As diff(1) exits: beside 0, the same.
inline constexpr int kDifferent = 1;
inline constexpr int kTrouble = 2;

// What one side does with the witness.
struct Fate {
  std::string words;  // "accepted, mark 0x1"
  struct By {
    std::string place;  // "rule 3 of INPUT", "the policy of INPUT"
    std::string rule;   // as -S prints it; of a policy: empty
  };
  std::vector<By> by;  // rules that write to the packet, and the one that decides
};

struct ToldChange {
  std::string table;
  std::string chain;
  std::string packets;   // in words
  bool exact = true;     // false: some of these
  std::string witness;   // for `bulkhead explain`
  bool cut_off = false;  // its header is, for which explain has no word
  Fate before;
  Fate after;
};

struct FamilyDiff {
  net::Family family = net::Family::kIpv4;
  std::vector<ToldChange> changes;
  std::vector<pass::UnknownPackets> unknown;
  bool same_rules = false;    // word by word
  bool same_logging = false;  // by the same rules
};

struct Diff {
  std::string before;  // names
  std::string after;
  std::vector<FamilyDiff> families;  // that both speak of
  struct Alone {
    net::Family family;
    std::string name;
  };
  std::vector<Alone> alone;           // families that one of them speaks of
  std::vector<std::string> warnings;  // of what couldn't be read
};

Result<FamilyDiff> diff_of(const ir::Ruleset& before, const ir::Ruleset& after,
                           const pass::DifferenceOptions& options);
Result<Diff> diff_of(const RulesToAnalyse& before, const RulesToAnalyse& after,
                     const pass::DifferenceOptions& options);

int exit_code(const Diff& diff);
std::string diff_text(const Diff& diff, const Paint& paint);
std::string diff_json(const Diff& diff);

// Whether two rulesets do the same, and which packets change.
int run_diff(const DiffOptions& options);

}  // namespace bulkhead::app
