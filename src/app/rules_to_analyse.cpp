// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/rules_to_analyse.h"

#include "app/report.h"
#include "app/rules_text.h"
#include "app/store.h"
#include "host/boot.h"
#include "host/persist.h"

namespace bulkhead::app {

namespace {

using Found = Result<RulesToAnalyse, Failure>;

Found rules_in_force(std::optional<net::Family> family) {
  const auto backend = open_backend();
  if (!backend) return Failure{backend.error(), {}};
  const auto loaded = Store(**backend).look();
  if (!loaded) return Failure{loaded.error(), {}};
  RulesToAnalyse found{.name = std::string(kKernelRules), .rulesets = {}, .source = {}};
  for (const net::Family each : net::kFamilies) {
    if (family && *family != each) continue;
    const Loaded& table = loaded->of(each);
    if (!table.damage.empty()) return Failure{damaged(each, table.damage), {}};
    found.rulesets.push_back(table.rules);
    found.rulesets.back().family = each;
  }
  return found;
}

Found rules_saved(std::optional<net::Family> family) {
  const host::Saved saved = host::look_for_saved(std::filesystem::path(host::kStateFolder));
  if (saved.state != host::Saved::State::kReadable) {
    const bool lost = saved.state == host::Saved::State::kLost;
    return Failure{{.kind = ErrorKind::kRefused,
                    .message = lost ? saved.why : "no rules were ever saved",
                    .hint = lost ? "load your rules (bulkhead apply FILE), then bulkhead save"
                                 : "bulkhead save keeps those in force"},
                   {}};
  }
  RulesToAnalyse found{.name = std::string(kSavedRules), .rulesets = {}, .source = {}};
  for (const net::Family each : net::kFamilies) {
    if (family && *family != each) continue;
    const Source source("the saved rules",
                        each == net::Family::kIpv4 ? saved.rules.v4 : saved.rules.v6);
    auto rules = parse_own_rules(source, each);
    if (!rules) return Failure{rules.error(), source};
    found.rulesets.push_back(*std::move(rules));
  }
  return found;
}

}  // namespace

Found rules_to_analyse(const std::string& word, std::optional<net::Family> family,
                       UnreadIsTold told) {
  if (word == kKernelRules) return rules_in_force(family);
  if (word == kSavedRules) return rules_saved(family);
  auto input = read_rules_file(word, family);
  if (!input) return Failure{input.error(), {}};
  ReadingNotes notes;
  auto rulesets = parse_inputs({*input}, Counts::kLeftOut, Reading::kLenient, &notes);
  const bool here = told == UnreadIsTold::kHere || !rulesets;
  for (const std::string& warning : here ? warnings_of(notes) : notes.warnings) warn(warning);
  if (!rulesets) return rulesets.error();
  return RulesToAnalyse{.name = word,
                        .rulesets = *std::move(rulesets),
                        .source = std::move(input->source),
                        .notes = std::move(notes)};
}

}  // namespace bulkhead::app
