// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/prove.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/report.h"
#include "app/rules_to_analyse.h"
#include "app/summary.h"
#include "host/files.h"

namespace bulkhead::app {

namespace {

struct RulesToProve {
  std::string name;
  std::vector<ir::Ruleset> rulesets;
  std::vector<RulesInput> inputs;          // the texts, where they are files
  std::vector<std::string> warnings = {};  // of their reading
};

Result<RulesToProve, Failure> rules_of(const std::vector<std::string>& words) {
  if (words.size() <= 1) {
    auto found = rules_to_analyse(words.empty() ? std::string(kKernelRules) : words.front());
    if (!found) return found.error();
    RulesToProve rules{found->name, std::move(found->rulesets), {}, warnings_of(found->notes)};
    if (found->source) rules.inputs.push_back({*found->source, std::nullopt});
    return rules;
  }
  RulesToProve rules{fmt::format("{}", fmt::join(words, ", ")), {}, {}};
  for (const std::string& word : words) {
    auto input = read_rules_file(word, {});
    if (!input) return Failure{input.error(), {}};
    rules.inputs.push_back(*std::move(input));
  }
  ReadingNotes notes;
  auto rulesets = parse_inputs(rules.inputs, Counts::kLeftOut, Reading::kLenient, &notes);
  rules.warnings = warnings_of(notes);
  for (const std::string& warning : rules.warnings) warn(warning);
  if (!rulesets) return rulesets.error();
  rules.rulesets = *std::move(rulesets);
  return rules;
}

// 1 is for a claim that doesn't hold; nothing was asked here.
int without_verdict(int code) { return code == kFailed ? kWrongUse : code; }

bool has_table(const Source& source, const std::string& table) {
  const std::string line = "*" + table;
  for (size_t at = source.text().find(line); at != std::string_view::npos;
       at = source.text().find(line, at + 1)) {
    if (at == 0 || source.text()[at - 1] == '\n') return true;
  }
  return false;
}

// A table of a family stands in one file only.
std::string place_of(const std::vector<RulesInput>& inputs, net::Family family,
                     const std::string& table, Span span) {
  if (span.empty()) return {};
  for (const RulesInput& input : inputs) {
    if ((input.family && *input.family != family) || !has_table(input.source, table)) continue;
    return fmt::format("{}:{}", input.source.name(), input.source.position(span.begin).line);
  }
  return {};
}

}  // namespace

std::vector<ShownProof> shown_proofs(const std::vector<policy::Claim>& claims,
                                     const std::vector<Proof>& proofs,
                                     const std::vector<ir::Ruleset>& rulesets,
                                     const PlaceOf& place_of) {
  std::vector<ShownProof> all;
  const auto shown = [&](std::string about, const Answer& answer) {
    ShownAnswer result{std::move(about), answer, {}};
    for (const auto* example : {&answer.other, &answer.example}) {
      if (!*example) continue;
      const auto rules = std::ranges::find(rulesets, (*example)->family, &ir::Ruleset::family);
      ShownExample one{**example, refutation_of(*rules, **example), {}};
      if (const auto& decider = one.refutation.decider)
        one.place = place_of(rules->family, decider->table, decider->span);
      result.examples.push_back(std::move(one));
    }
    return result;
  };
  for (size_t i = 0; i < claims.size(); ++i) {
    ShownProof proof{claims[i].name, proofs[i].state(), {}};
    for (const auto& [family, answer] : proofs[i].families)
      proof.answers.push_back(shown(std::string(family_name(family)), answer));
    if (proofs[i].both) proof.answers.push_back(shown("", *proofs[i].both));
    all.push_back(std::move(proof));
  }
  return all;
}

int run_prove(const ProveOptions& options) {
  auto text = options.claims == "-" ? host::read_descriptor(STDIN_FILENO, "the standard input")
                                    : host::read_file(options.claims);
  if (!text) return without_verdict(report(text.error()));
  const Source source(options.claims, *std::move(text));
  const net::SystemNames names;
  const auto claims = policy::parse_claims(source, names);
  if (!claims) return report(claims.error(), source);
  const auto rules = rules_of(options.files);
  if (!rules) return without_verdict(report(rules.error()));

  const auto proofs =
      shown_proofs(*claims, prove(rules->rulesets, *claims, options.limits), rules->rulesets,
                   [&](net::Family family, const std::string& table, Span span) {
                     return place_of(rules->inputs, family, table, span);
                   });
  const Paint paint(wants_color(options.color, STDOUT_FILENO));
  print(options.json ? prove_json(rules->name, proofs, rules->warnings)
                     : prove_text(proofs, paint));
  const bool all = std::ranges::all_of(
      proofs, [](const ShownProof& it) { return it.state == Answer::State::kProved; });
  return all ? kDone : kFailed;
}

}  // namespace bulkhead::app
