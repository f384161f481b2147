// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "app/command/explain.h"
#include "app/json.h"

namespace bulkhead::app {

namespace {

using backend::sim::Truth;
using backend::sim::Verdict;

std::string_view truth_word(Truth truth) {
  switch (truth) {
    case Truth::kNo: return "no";
    case Truth::kYes: return "yes";
    case Truth::kUnknown: return "?";
  }
  return "";
}

std::string met_text(const MetRule& met, const Paint& paint) {
  const std::string number = met.number ? std::to_string(*met.number) : "";
  const size_t indent = 2 + 2 * size_t{met.depth};
  const std::string rule = printable(met.rule);
  const std::string answer = fmt::format("{:<3}", met.number ? truth_word(met.matched) : "");
  // Nothing is said of a rule that didn't match but why; the one that did stands out.
  const bool yes = met.matched == Truth::kYes;
  return fmt::format("{:{}}{:>3}  {}  {}\n{:{}}       {}\n", "", indent, number,
                     yes ? paint.good(answer) : answer, yes ? paint.strong(rule) : rule, "",
                     indent + 3, paint.faint(printable(met.why)));
}

std::string passage_text(const Passage& passage, const Paint& paint) {
  std::string text = fmt::format("  {} {}\n", paint.strong(passage.chain),
                                 paint.faint(fmt::format("of table {}", passage.table)));
  const std::string* chain = &passage.chain;
  for (const MetRule& met : passage.met) {
    if (met.chain != *chain) {
      text += fmt::format("{:{}}{}\n", "", 4 + 2 * size_t{met.depth},
                          paint.strong(printable(met.chain)));
      chain = &met.chain;
    }
    text += met_text(met, paint);
  }
  return text;
}

std::string verdict_text(const Explanation& explanation, const Paint& paint) {
  const std::string word(verdict_word(explanation.verdict));
  std::string text = fmt::format(
      "{}{} {}", explanation.verdict == Verdict::kAccept ? paint.good(word) : paint.bad(word),
      explanation.by_nothing ? ":" : " by", printable(explanation.decided));
  const std::vector<std::string>& unless = explanation.unless;
  for (size_t i = 0; i < unless.size(); ++i) {
    const std::string_view before = i == 0 ? ", unless " : i + 1 == unless.size() ? " or " : ", ";
    text += before;
    text += printable(unless[i]);
  }
  return unless.empty() ? text : text + " matches";
}

std::string body_text(const Explanation& explanation, const Paint& paint) {
  std::string text;
  for (const Passage& passage : explanation.passages) text += passage_text(passage, paint);
  if (explanation.depends) {
    text += paint.faint(
        "  (rate limits are taken to have room; what only the kernel knows, not to match)\n");
  }
  return text;
}

// "The answer:  accepted by rule 2 of INPUT" and what it is.
std::string step_text(std::string_view title, const Explanation& explanation, const Paint& paint) {
  return fmt::format("{} {}\n\n{}\n  {}\n\n", paint.strong(title), explanation.packet,
                     body_text(explanation, paint), verdict_text(explanation, paint));
}

std::string diagnosis(const ConnectionExplanation& connection, const Paint& paint) {
  if (connection.works()) return paint.good("The connection works.") + "\n";
  const bool all_pass = connection.first.verdict == Verdict::kAccept &&
                        connection.answer.verdict == Verdict::kAccept &&
                        connection.following.verdict == Verdict::kAccept;
  if (connection.clashes && all_pass) {
    return fmt::format(
        "{} {}, and the answers would begin a second one between the same two: the kernel drops "
        "them.\n",
        paint.bad("The connection doesn't work:"), printable(connection.lost));
  }
  const bool first = connection.first.verdict != Verdict::kAccept;
  const bool answer = !first && connection.answer.verdict != Verdict::kAccept;
  const Explanation& culprit = first    ? connection.first
                               : answer ? connection.answer
                                        : connection.following;
  std::string text =
      fmt::format("{} {}", paint.bad("The connection doesn't work:"),
                  first    ? "its first packet is "
                  : answer ? "its first packet is let through, but the answers to it are "
                           : "it opens, but the packets that follow are ");
  text += fmt::format("{} by {}.\n", verdict_word(culprit.verdict), printable(culprit.decided));
  if (!first && !connection.lost.empty()) {
    text += fmt::format("Connection tracking finds no connection that {}: {}.\n",
                        answer ? "they answer" : "was answered", printable(connection.lost));
  }
  if (first && !culprit.remedy.empty())
    text +=
        fmt::format("What would let it in:\n\n    {}\n", paint.strong(printable(culprit.remedy)));
  if (!connection.remedy.empty()) {
    text += fmt::format(
        "What is missing is a rule for packets of connections that are there already:\n\n    {}\n",
        paint.strong(connection.remedy));
  }
  return text;
}

// What would turn the verdict round.
std::string remedy_text(const Explanation& explanation, const Paint& paint) {
  if (explanation.remedy.empty()) return {};
  const bool accepted = explanation.verdict == Verdict::kAccept;
  return fmt::format("{} {}\n", accepted ? "to block it:" : "to let it pass:",
                     paint.strong(printable(explanation.remedy)));
}

Json json_of(const Explanation& explanation) {
  Json passages = Json::array();
  for (const Passage& passage : explanation.passages) {
    Json met = Json::array();
    for (const MetRule& one : passage.met) {
      Json rule{{"chain", one.chain},
                {"rule", one.rule},
                {"matched", truth_word(one.matched)},
                {"why", one.why}};
      if (one.number) rule["number"] = *one.number;
      met.push_back(std::move(rule));
    }
    passages.push_back({{"table", passage.table},
                        {"chain", passage.chain},
                        {"verdict", verdict_word(passage.verdict)},
                        {"met", std::move(met)}});
  }
  return {{"packet", explanation.packet},
          {"verdict", verdict_word(explanation.verdict)},
          {"decided_by", explanation.decided},
          {"depends", explanation.depends},
          {"unless", explanation.unless},
          {"remedy", explanation.remedy.empty() ? Json() : Json(explanation.remedy)},
          {"passages", std::move(passages)}};
}

}  // namespace

std::string explain_text(const Explanation& explanation, const Paint& paint) {
  const std::string body = body_text(explanation, paint);
  return fmt::format("{}\n\n{}{}{}\n{}", explanation.packet, body, body.empty() ? "" : "\n",
                     verdict_text(explanation, paint), remedy_text(explanation, paint));
}

std::string explain_text(const ConnectionExplanation& connection, const Paint& paint) {
  return step_text("The first packet:", connection.first, paint) +
         step_text("Its answer:", connection.answer, paint) +
         step_text("What follows:", connection.following, paint) + diagnosis(connection, paint);
}

std::string explain_json(const Explanation& explanation, const std::vector<std::string>& others) {
  Json all = json_of(explanation);
  all["may_still_drop"] = others;
  return json_text(all);
}

std::string explain_json(const ConnectionExplanation& connection,
                         const std::vector<std::string>& others) {
  return json_text({{"works", connection.works()},
                    {"first", json_of(connection.first)},
                    {"answer", json_of(connection.answer)},
                    {"following", json_of(connection.following)},
                    {"clashes", connection.clashes},
                    {"lost", connection.lost.empty() ? Json() : Json(connection.lost)},
                    {"remedy", connection.remedy.empty() ? Json() : Json(connection.remedy)},
                    {"may_still_drop", others}});
}

}  // namespace bulkhead::app
