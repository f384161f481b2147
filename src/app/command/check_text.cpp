// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "app/command/check.h"
#include "app/json.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

constexpr size_t kMostOthers = 3;

std::string_view kind_word(std::optional<pass::LintKind> kind) {
  if (!kind) return "not-understood";
  switch (*kind) {
    case pass::LintKind::kNeverMatches: return "never-matches";
    case pass::LintKind::kContradiction: return "contradiction";
    case pass::LintKind::kNoEffect: return "no-effect";
    case pass::LintKind::kUnusedChain: return "unused-chain";
    case pass::LintKind::kNoTwin: return "no-ipv6-twin";
    case pass::LintKind::kOpenPort: return "open-port";
  }
  return "";
}

// The families, where not for all that were read.
std::string for_families(const Checked& checked, const Finding& finding) {
  if (finding.families.size() == checked.rules.rulesets.size()) return "";
  return fmt::format(" ({})", family_name(finding.families.front()));
}

std::string finding_text(const Checked& checked, const Finding& finding, const Paint& paint) {
  const std::string message = fmt::format("{} {}{}", paint.warning("warning:"),
                                          printable(finding.words), for_families(checked, finding));
  std::string text;
  if (!finding.at.span.empty()) {
    text = render({.message = message, .hint = {}, .span = finding.at.span}, *checked.rules.source);
  } else {
    text = fmt::format("{}: {}\n", printable(finding.at.text), message);
    if (!finding.at.rule.empty()) text += fmt::format("  {}\n", printable(finding.at.rule));
  }
  for (size_t i = 0; i < std::min(kMostOthers, finding.others.size()); ++i) {
    const FoundAt& other = finding.others[i];
    text +=
        fmt::format("  {} {}\n", paint.faint(printable(other.text) + ":"), printable(other.rule));
  }
  if (finding.others.size() > kMostOthers)
    text += fmt::format("  and {} more\n", finding.others.size() - kMostOthers);
  return text;
}

Json json_of(const FoundAt& at) {
  Json json{{"at", at.text}};
  if (at.line != 0) {
    json["line"] = at.line;
    json["column"] = at.column;
  }
  if (!at.rule.empty()) json["rule"] = at.rule;
  return json;
}

Json json_of(const Finding& finding) {
  Json json{{"kind", kind_word(finding.kind)}, {"message", finding.words}};
  json.update(json_of(finding.at));
  json["table"] = finding.place.table;
  json["chain"] = finding.place.chain;
  if (finding.place.rule) json["number"] = *finding.place.rule + 1;
  json["families"] = Json::array();
  for (const net::Family family : finding.families) json["families"].push_back(family_name(family));
  json["because_of"] = Json::array();
  for (const FoundAt& other : finding.others) json["because_of"].push_back(json_of(other));
  return json;
}

}  // namespace

std::string check_text(const Checked& checked, const Paint& paint) {
  std::string text;
  for (const Finding& finding : checked.findings) text += finding_text(checked, finding, paint);
  for (const Error& error : checked.unfinished) {
    text += fmt::format("{}: {} {}, so nothing is said of what it looked for\n  hint: {}\n",
                        printable(checked.rules.name), paint.warning("unfinished:"), error.message,
                        error.hint);
  }
  size_t rules = 0;
  for (const ir::Ruleset& each : checked.rules.rulesets) rules += rule_count(each);
  const std::string what = counted(checked.findings.size(), "warning", "warnings");
  return text + fmt::format("{}: {} in {}\n", printable(checked.rules.name),
                            checked.findings.empty() && checked.unfinished.empty()
                                ? paint.good("no warning")
                                : what,
                            counted(rules, "rule", "rules"));
}

std::string check_json(const std::vector<Checked>& all) {
  Json files = Json::array();
  for (const Checked& checked : all) {
    Json findings = Json::array();
    for (const Finding& finding : checked.findings) findings.push_back(json_of(finding));
    Json unfinished = Json::array();
    for (const Error& error : checked.unfinished) unfinished.push_back(error.message);
    files.push_back({{"name", checked.rules.name},
                     {"findings", std::move(findings)},
                     {"unfinished", std::move(unfinished)}});
  }
  return json_text(files);
}

}  // namespace bulkhead::app
