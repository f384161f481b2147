// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "app/command/explain.h"
#include "app/json.h"
#include "app/remedy.h"

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

constexpr std::string_view kPutTogether =
    "no fragment comes there: the kernel puts fragments together before INPUT, and before every "
    "chain where it tracks connections; ask for the whole packet, without \"fragment\"";

std::string verdict_text(const Explanation& explanation, const Paint& paint) {
  if (explanation.never_comes) return std::string(kPutTogether);
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

std::string goes_to_text(const Explanation& explanation) {
  if (explanation.goes_to.empty()) return {};
  return fmt::format(
      "it now goes to {}: if that is not this host it is forwarded, and INPUT has no word in it; "
      "ask again with \"out IF\"\n",
      explanation.goes_to);
}

std::string body_text(const Explanation& explanation, const Paint& paint) {
  if (explanation.never_comes) return {};
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
  const std::string body = body_text(explanation, paint);
  return fmt::format("{} {}\n\n{}{}  {}\n\n", paint.strong(title), explanation.packet, body,
                     body.empty() ? "" : "\n", verdict_text(explanation, paint));
}

std::string over_lo_words(const Explanation& explanation) {
  if (!explanation.over_lo) return {};
  return explanation.direction == net::Direction::kInput ? ", as it comes in again by lo"
                                                         : ", on its way out by lo";
}

std::string commands_text(const ConnectionExplanation& connection, const Paint& paint) {
  const Explanation& first = connection.first;
  const bool stopped = first.verdict != Verdict::kAccept;
  std::vector<std::string> commands = connection.remedies;
  std::string_view head = "What would make it work:";
  if (commands.empty() && stopped && !first.remedy.empty()) {
    commands.push_back(first.remedy);
    head = "What would let its first packet pass:";
  } else if (!stopped && commands.size() == 1 && commands[0].ends_with(kKnownConnections)) {
    head = "What is missing is a rule for packets of connections that are there already:";
  }
  std::string text;
  for (const std::string& command : commands)
    text += fmt::format("    {}\n", paint.strong(printable(command)));
  if (!text.empty()) text = fmt::format("{}\n\n{}", head, text);
  if (stopped && !first.remedy_note.empty())
    text += fmt::format("{} {}\n", paint.warning("note:"), printable(first.remedy_note));
  return text;
}

std::string diagnosis(const ConnectionExplanation& connection, const Paint& paint) {
  if (connection.first.never_comes) return {};
  const std::string goes_to = goes_to_text(connection.first);
  if (connection.works()) return goes_to + paint.good("The connection works.") + "\n";
  const bool all_pass = connection.first.verdict == Verdict::kAccept &&
                        connection.answer.verdict == Verdict::kAccept &&
                        connection.following.verdict == Verdict::kAccept;
  if (connection.clashes && all_pass) {
    return fmt::format(
        "{}{} {}, and the answers would begin a second one between the same two: the kernel drops "
        "them.\n",
        goes_to, paint.bad("The connection doesn't work:"), printable(connection.lost));
  }
  const bool first = connection.first.verdict != Verdict::kAccept;
  const bool answer = !first && connection.answer.verdict != Verdict::kAccept;
  const Explanation& culprit = first    ? connection.first
                               : answer ? connection.answer
                                        : connection.following;
  std::string text =
      fmt::format("{}{} {}", goes_to, paint.bad("The connection doesn't work:"),
                  first    ? "its first packet is "
                  : answer ? "its first packet is let through, but the answers to it are "
                           : "it opens, but the packets that follow are ");
  text += fmt::format("{} by {}{}.\n", verdict_word(culprit.verdict), printable(culprit.decided),
                      over_lo_words(culprit));
  if (!first && !connection.lost.empty()) {
    text += fmt::format("Connection tracking finds no connection that {}: {}.\n",
                        answer ? "they answer" : "was answered", printable(connection.lost));
  }
  return text + commands_text(connection, paint);
}

// What would turn the verdict round.
std::string remedy_text(const Explanation& explanation, const Paint& paint) {
  std::string text = goes_to_text(explanation);
  if (!explanation.remedy.empty()) {
    const bool accepted = explanation.verdict == Verdict::kAccept;
    text += fmt::format("{} {}\n", accepted ? "to block it:" : "to let it pass:",
                        paint.strong(printable(explanation.remedy)));
  }
  if (!explanation.remedy_note.empty())
    text += fmt::format("{} {}\n", paint.warning("note:"), printable(explanation.remedy_note));
  return text;
}

Json json_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

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
  const std::string note =
      explanation.never_comes ? std::string(kPutTogether) : explanation.remedy_note;
  Json json{{"packet", explanation.packet},
            {"verdict", verdict_word(explanation.verdict)},
            {"decided_by", explanation.decided},
            {"depends", explanation.depends},
            {"unless", explanation.unless},
            {"goes_to", json_or_null(explanation.goes_to)},
            {"remedy", json_or_null(explanation.remedy)},
            {"note", json_or_null(note)},
            {"passages", std::move(passages)}};
  if (explanation.never_comes) {
    json["verdict"] = json["decided_by"] = Json();
    json["passages"] = Json::array();
  }
  return json;
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
  return json_text(
      {{"works", connection.works()},
       {"first", json_of(connection.first)},
       {"answer", json_of(connection.answer)},
       {"following", json_of(connection.following)},
       {"clashes", connection.clashes},
       {"lost", json_or_null(connection.lost)},
       {"remedy", connection.remedies.size() == 1 ? Json(connection.remedies[0]) : Json()},
       {"remedies", connection.remedies},
       {"may_still_drop", others}});
}

}  // namespace bulkhead::app
