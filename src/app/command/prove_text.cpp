// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command/prove.h"
#include "app/json.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

using State = Answer::State;
using What = policy::Step::What;
using backend::sim::Verdict;

constexpr size_t kClaimIndent = 11;

std::string_view state_word(State state) {
  switch (state) {
    case State::kProved: return "proved";
    case State::kRefuted: return "refuted";
    case State::kUndecided: return "undecided";
    case State::kEmpty: return "empty";
  }
  return "";
}

std::string badge(State state, const Paint& paint) {
  switch (state) {
    case State::kProved: return paint.good("proved   ");
    case State::kRefuted: return paint.bad("REFUTED  ");
    case State::kUndecided: return paint.warning("undecided");
    case State::kEmpty: return paint.warning("empty    ");
  }
  return "";
}

std::string_view step_word(What what) {
  switch (what) {
    case What::kPackets: return "";
    case What::kFirst: return "its first packet: ";
    case What::kAnswer: return "the answer to it: ";
    case What::kFollowing: return "what follows: ";
  }
  return "";
}

std::string packet_words(const CounterExample& example) {
  std::string words = net::to_string(example.packet);
  return example.beside.empty() ? words : words + ", " + example.beside;
}

std::string decider_words(const Decider& decider) {
  std::string words = decider.number ? fmt::format("rule {} of {}", *decider.number, decider.chain)
                                     : fmt::format("the policy of {}", decider.chain);
  return decider.table == "filter" ? words : words + fmt::format(" of table {}", decider.table);
}

std::string example_text(const ShownExample& shown, const Paint& paint) {
  const CounterExample& example = shown.example;
  const Refutation& refutation = shown.refutation;
  std::string text = fmt::format("{:{}}{}{}\n", "", kClaimIndent, step_word(example.step),
                                 paint.strong(packet_words(example)));
  const auto line = [&](const std::string& words) {
    text += fmt::format("{:{}}{}\n", "", kClaimIndent, words);
  };
  if (!refutation.agrees) {
    line(
        fmt::format("may be {}: it hangs on what can't be known here (a translation, or what only "
                    "the kernel knows)",
                    example.passes ? "accepted" : "stopped"));
    return text;
  }
  const std::string_view verdict = verdict_word(refutation.explanation.verdict);
  if (!refutation.decider) {
    line(fmt::format("is {}: {}", verdict, refutation.explanation.decided));
    return text;
  }
  const Decider& decider = *refutation.decider;
  const std::string place = shown.place.empty() ? "" : fmt::format(" ({})", shown.place);
  line(fmt::format("{} {} by {}{}", example.certain ? "is" : "may be", verdict,
                   printable(decider_words(decider)), place));
  if (decider.number) line("  " + paint.faint(printable(decider.rule)));
  if (!refutation.hangs_on.empty()) {
    line(fmt::format("it hangs on {}, which may match or not",
                     printable(fmt::format("{}", fmt::join(refutation.hangs_on, " and ")))));
  }
  return text;
}

std::string answer_text(const ShownAnswer& answer, const Paint& paint) {
  std::string text;
  switch (answer.answer.state) {
    case State::kProved: break;
    case State::kRefuted:
      for (const ShownExample& example : answer.examples) text += example_text(example, paint);
      break;
    case State::kUndecided:
      text = fmt::format("{:{}}{}{}\n", "", kClaimIndent,
                         answer.about.empty() ? "" : answer.about + ": ", answer.answer.why);
      break;
    case State::kEmpty:
      text =
          fmt::format("{:{}}{}\n", "", kClaimIndent,
                      paint.faint(fmt::format("there is no such packet{}",
                                              answer.about.empty() ? "" : " of " + answer.about)));
      break;
  }
  return text;
}

// The families that the verdict is of, where it isn't of all that there are.
std::string families(const ShownProof& proof) {
  std::vector<std::string> same;
  for (const ShownAnswer& answer : proof.answers)
    if (answer.answer.state == proof.state && !answer.about.empty()) same.push_back(answer.about);
  return fmt::format("{}", fmt::join(same, ", "));
}

Json example_json(const ShownExample& shown) {
  const Refutation& refutation = shown.refutation;
  Json json{{"family", family_name(shown.example.family)},
            {"packet", net::to_string(shown.example.packet)},
            {"beside", shown.example.beside.empty() ? Json() : Json(shown.example.beside)},
            {"passes", shown.example.passes},
            {"certain", shown.example.certain && refutation.agrees},
            {"hangs_on", refutation.hangs_on}};
  if (shown.example.step != What::kPackets) {
    const std::string_view step(step_word(shown.example.step));
    json["step"] = step.substr(0, step.size() - 2);
  }
  if (refutation.agrees) {
    json["verdict"] = verdict_word(refutation.explanation.verdict);
    if (const auto& decider = refutation.decider) {
      json["table"] = decider->table;
      json["chain"] = decider->chain;
      json["number"] = decider->number ? Json(*decider->number) : Json();
      json["rule"] = decider->rule;
      json["place"] = shown.place.empty() ? Json() : Json(shown.place);
    }
  }
  return json;
}

}  // namespace

std::string prove_text(const std::vector<ShownProof>& proofs, const Paint& paint) {
  std::string text;
  size_t counts[4] = {};
  for (const ShownProof& proof : proofs) {
    ++counts[static_cast<size_t>(proof.state)];
    const std::string about = families(proof);
    text += fmt::format("{}  {}{}\n", badge(proof.state, paint), printable(proof.name),
                        about.empty() ? "" : paint.faint("  " + about));
    for (const ShownAnswer& answer : proof.answers) {
      // That there is nothing to say of one family isn't worth a line where the other says it.
      if (answer.answer.state == State::kEmpty && proof.state != State::kEmpty) continue;
      text += answer_text(answer, paint);
    }
  }
  std::vector<std::string> parts;
  for (const State state : {State::kProved, State::kRefuted, State::kUndecided, State::kEmpty}) {
    if (const size_t count = counts[static_cast<size_t>(state)]; count != 0)
      parts.push_back(fmt::format("{} {}", count, state_word(state)));
  }
  return text + fmt::format("\n{}: {}\n", counted(proofs.size(), "claim", "claims"),
                            fmt::join(parts, ", "));
}

std::string prove_json(const std::string& rules, const std::vector<ShownProof>& proofs,
                       const std::vector<std::string>& warnings) {
  Json claims = Json::array();
  for (const ShownProof& proof : proofs) {
    Json answers = Json::array();
    for (const ShownAnswer& answer : proof.answers) {
      Json one{{"family", answer.about.empty() ? Json() : Json(answer.about)},
               {"result", state_word(answer.answer.state)}};
      if (!answer.answer.why.empty()) one["why"] = answer.answer.why;
      Json examples = Json::array();
      for (const ShownExample& example : answer.examples) examples.push_back(example_json(example));
      one["examples"] = std::move(examples);
      answers.push_back(std::move(one));
    }
    claims.push_back({{"name", proof.name},
                      {"result", state_word(proof.state)},
                      {"answers", std::move(answers)}});
  }
  const bool all =
      std::ranges::all_of(proofs, [](const ShownProof& it) { return it.state == State::kProved; });
  return json_text(
      {{"rules", rules}, {"proved", all}, {"claims", std::move(claims)}, {"warnings", warnings}});
}

}  // namespace bulkhead::app
