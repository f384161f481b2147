// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command/audit.h"
#include "app/json.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

constexpr size_t kIdWidth = 21;  // the longest id, and two blanks
constexpr size_t kFindingIndent = 8;

std::string_view answer_word(audit::Verdict verdict) {
  switch (verdict) {
    case audit::Verdict::kPass: return "pass";
    case audit::Verdict::kFail: return "fail";
    case audit::Verdict::kNotApplicable: return "not applicable";
    case audit::Verdict::kUnknown: break;
  }
  return "unknown";
}

std::string badge(audit::Verdict verdict, const Paint& paint, bool utf8) {
  switch (verdict) {
    case audit::Verdict::kPass: return paint.good(utf8 ? "✓   " : "ok  ");
    case audit::Verdict::kFail: return paint.bad(utf8 ? "✗   " : "FAIL");
    case audit::Verdict::kNotApplicable: return paint.faint("-   ");
    case audit::Verdict::kUnknown: break;
  }
  return paint.warning("?   ");
}

std::string witness_words(const audit::Witness& witness) {
  const bool none = !witness.decided.starts_with("rule") && !witness.decided.starts_with("the ");
  return fmt::format("{} {}{} {}", witness.certain ? "is" : "may be", witness.verdict,
                     none ? ":" : " by", witness.decided);
}

class Text {
 public:
  Text(const Paint& paint, bool utf8) : paint_(paint), utf8_(utf8) {}

  void check(const audit::CheckResult& result) {
    const audit::Check& it = *result.check;
    text_ += fmt::format("  {}  {}{}\n", badge(result.answer.verdict, paint_, utf8_),
                         fmt::format("{:{}}", it.id, kIdWidth), it.title);
    if (!result.answer.why.empty()) line(paint_.faint(result.answer.why));
    for (const audit::Finding& finding : result.answer.findings) told(finding);
    if (result.answer.verdict == audit::Verdict::kFail)
      line(paint_.faint(wrapped(it.sources, kFindingIndent)));
  }

  std::string take() { return std::move(text_); }
  void add(std::string_view text) { text_ += text; }

 private:
  void line(const std::string& words, size_t indent = kFindingIndent) {
    text_ += fmt::format("{:{}}{}\n", "", indent, words);
  }

  void told(const audit::Finding& finding) {
    const std::string family =
        finding.family ? fmt::format("{}: ", family_name(*finding.family)) : "";
    line(wrapped(family + printable(finding.text), kFindingIndent));
    if (const auto& witness = finding.witness) {
      line(paint_.strong(net::to_string(witness->packet)), kFindingIndent + 2);
      line(printable(witness_words(*witness)) +
               (witness->rule.empty() ? "" : paint_.faint("  " + printable(witness->rule))),
           kFindingIndent + 2);
      if (!witness->certain)
        line(paint_.faint("(it hangs on what only the kernel knows)"), kFindingIndent + 2);
    }
    for (const std::string& command : finding.remedy)
      line(paint_.name(printable(command)), kFindingIndent + 2);
    if (!finding.note.empty())
      line(paint_.faint(wrapped(finding.note, kFindingIndent + 2)), kFindingIndent + 2);
  }

  const Paint& paint_;
  bool utf8_;
  std::string text_;
};

// The groups in the order of their first checks.
std::vector<std::string_view> groups_of(const std::vector<const audit::Check*>& checks) {
  std::vector<std::string_view> groups;
  for (const audit::Check* check : checks)
    if (std::ranges::find(groups, check->group) == groups.end()) groups.push_back(check->group);
  return groups;
}

Json witness_json(const audit::Witness& witness) {
  return {{"packet", net::to_string(witness.packet)},
          {"verdict", witness.verdict},
          {"certain", witness.certain},
          {"decided", witness.decided},
          {"rule", witness.rule.empty() ? Json() : Json(witness.rule)}};
}

Json finding_json(const audit::Finding& finding) {
  return {{"text", finding.text},
          {"family", finding.family ? Json(family_name(*finding.family)) : Json()},
          {"witness", finding.witness ? witness_json(*finding.witness) : Json()},
          {"remedy", finding.remedy},
          {"note", finding.note.empty() ? Json() : Json(finding.note)}};
}

}  // namespace

std::string audit_text(const std::string& what, bool with_host,
                       const std::vector<audit::CheckResult>& results, const Paint& paint,
                       bool utf8) {
  Text text(paint, utf8);
  text.add(paint.strong(fmt::format("Audit of {}", printable(what))) + "\n");
  std::vector<const audit::Check*> shown;
  size_t counts[4] = {};
  for (const audit::CheckResult& result : results) {
    shown.push_back(result.check);
    ++counts[static_cast<size_t>(result.answer.verdict)];
  }
  for (const std::string_view group : groups_of(shown)) {
    text.add(fmt::format("\n{}\n", paint.strong(group)));
    for (const audit::CheckResult& result : results)
      if (result.check->group == group) text.check(result);
  }
  if (!with_host)
    text.add(
        "\nWhat is a host's own (sockets, settings, boot, other firewalls) isn't asked of a "
        "file.\n");
  std::vector<std::string> parts;
  for (const audit::Verdict verdict : {audit::Verdict::kPass, audit::Verdict::kFail,
                                       audit::Verdict::kUnknown, audit::Verdict::kNotApplicable}) {
    if (const size_t count = counts[static_cast<size_t>(verdict)]; count != 0)
      parts.push_back(fmt::format("{} {}", count, answer_word(verdict)));
  }
  text.add(fmt::format("\n{}: {}\n", counted(results.size(), "check", "checks"),
                       fmt::join(parts, ", ")));
  return text.take();
}

std::string audit_json(const std::string& what, const std::vector<audit::CheckResult>& results,
                       const std::vector<std::string>& warnings) {
  Json all = Json::array();
  for (const audit::CheckResult& result : results) {
    Json findings = Json::array();
    for (const audit::Finding& finding : result.answer.findings)
      findings.push_back(finding_json(finding));
    all.push_back({{"id", result.check->id},
                   {"group", result.check->group},
                   {"title", result.check->title},
                   {"verdict", answer_word(result.answer.verdict)},
                   {"why", result.answer.why.empty() ? Json() : Json(result.answer.why)},
                   {"sources", result.check->sources},
                   {"findings", std::move(findings)}});
  }
  return json_text({{"rules", what},
                    {"pass", audit::all_pass(results)},
                    {"checks", std::move(all)},
                    {"warnings", warnings}});
}

std::string audit_list_text(const Paint& paint) {
  std::string text;
  std::vector<const audit::Check*> all;
  for (const audit::Check& check : audit::checks()) all.push_back(&check);
  for (const std::string_view group : groups_of(all)) {
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", paint.strong(group));
    for (const audit::Check* check : all) {
      if (check->group != group) continue;
      text += fmt::format("  {}{}\n", fmt::format("{:{}}", check->id, kIdWidth), check->title);
      text += fmt::format("  {:{}}{}\n", "", kIdWidth,
                          paint.faint(wrapped(check->sources, kIdWidth + 2)));
    }
  }
  return text;
}

std::string audit_list_json() {
  Json all = Json::array();
  for (const audit::Check& check : audit::checks()) {
    all.push_back({{"id", check.id},
                   {"group", check.group},
                   {"title", check.title},
                   {"passes", check.passes},
                   {"sources", check.sources},
                   {"of", check.of_host != nullptr ? "host" : "rules"}});
  }
  return json_text(all);
}

}  // namespace bulkhead::app
