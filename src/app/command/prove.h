// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/proof.h"
#include "app/refutation.h"

namespace bulkhead::app {

struct ProveOptions {
  std::string claims;              // a file
  std::vector<std::string> files;  // of rules, "kernel" or "saved"; none: the kernel's
  pass::AnalysisLimits limits;
  Color color = Color::kAuto;
  bool json = false;
};

// An Answer in the words of `bulkhead explain`.
struct ShownExample {
  CounterExample example;
  Refutation refutation;
  std::string place;  // of the rule: "rules.v4:7"; empty: it is from no text
};
struct ShownAnswer {
  std::string about;  // "IPv4"; empty: both families
  Answer answer;
  std::vector<ShownExample> examples;  // of kRefuted: one, or one of each family
};
struct ShownProof {
  std::string name;
  Answer::State state = Answer::State::kUndecided;
  std::vector<ShownAnswer> answers;
};

// Where a rule of this family and table was written, if that is known.
using PlaceOf = std::function<std::string(net::Family, const std::string& table, Span)>;

std::vector<ShownProof> shown_proofs(const std::vector<policy::Claim>& claims,
                                     const std::vector<Proof>& proofs,
                                     const std::vector<ir::Ruleset>& rulesets,
                                     const PlaceOf& place_of);

std::string prove_text(const std::vector<ShownProof>& proofs, const Paint& paint);
// `warnings`: of the files' reading.
std::string prove_json(const std::string& rules, const std::vector<ShownProof>& proofs,
                       const std::vector<std::string>& warnings = {});

// Exits 0 if every claim is proved, 1 if one is refuted or not decided, 2 and 4 where nothing could
// be asked.
int run_prove(const ProveOptions& options);

}  // namespace bulkhead::app
