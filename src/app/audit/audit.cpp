// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/audit/audit.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/explanation.h"
#include "app/summary.h"

namespace bulkhead::app::audit {

namespace {

using net::Direction;
using net::Family;

std::string_view verdict_word(backend::sim::Verdict verdict) {
  switch (verdict) {
    case backend::sim::Verdict::kAccept: return "accepted";
    case backend::sim::Verdict::kDrop: return "dropped";
    case backend::sim::Verdict::kReject: break;
  }
  return "rejected";
}

// What becomes of a witness, by the simulator, which knows nothing of the sets.
void tell(const ir::Ruleset& rules, Witness& witness) {
  const Explanation why = explain(rules, witness.packet, witness.packet.direction());
  witness.verdict = verdict_word(why.verdict);
  witness.decided = why.decided;
  const bool passes = why.verdict == backend::sim::Verdict::kAccept;
  witness.certain &= why.unless.empty() && !why.depends && passes == witness.passes;
  if (why.passages.empty() || why.passages.back().met.empty()) return;
  const MetRule& last = why.passages.back().met.back();
  if (last.number) witness.rule = last.rule;
}

class FamilyAudit {
 public:
  FamilyAudit(const Input& input, const ir::Ruleset& rules, const Openings* ip4)
      : input_(input), rules_(rules), ip4_(ip4), answers_(checks().size()) {}

  void run(const pass::AnalysisLimits& limits) {
    const auto ran =
        pass::analyse({&rules_},
                      {.limits = limits,
                       .more = Packets::asked(rules_.family, input_.declared, input_.host, ip4_)},
                      [&](set::Model& model) { work(model); });
    for (size_t i = 0; i < answers_.size(); ++i) {
      if (!is_asked(checks()[i])) continue;
      if (!answers_[i]) {
        answers_[i] = unknown(
            fmt::format("not decided: {}", ran ? "the analysis didn't end" : ran.error().message));
      }
      for (Finding& finding : answers_[i]->findings)
        if (finding.witness) tell(rules_, *finding.witness);
    }
  }

  const std::optional<Answer>& answer(size_t check) const { return answers_[check]; }
  const std::optional<Openings>& openings() const { return openings_; }

 private:
  bool is_asked(const Check& check) const {
    if (check.of_rules == nullptr || input_.skipped.contains(check.id)) return false;
    if (check.only && *check.only != rules_.family) return false;
    return input_.host != nullptr || !needs_sockets(check);
  }

  static bool needs_sockets(const Check& check) {
    return check.of_rules == listeners_have_rules || check.of_rules == openings_have_listeners;
  }

  // What is decided stays so, whatever becomes of the checks behind it: the model may be cut short,
  // and another one then goes on.
  void work(set::Model& model) {
    Packets packets(model, rules_, input_.declared, input_.host);
    const Rules view{rules_, packets, input_.declared, input_.host, ip4_};
    if (!openings_) {
      const auto& found = packets.openings();
      if (!model.exhausted()) openings_ = found;
    }
    for (size_t i = 0; i < answers_.size() && !model.exhausted(); ++i) {
      if (answers_[i] || !is_asked(checks()[i])) continue;
      Answer answer = checks()[i].of_rules(view);
      if (!model.exhausted()) answers_[i] = std::move(answer);
    }
  }

  const Input& input_;
  const ir::Ruleset& rules_;
  const Openings* ip4_;
  std::vector<std::optional<Answer>> answers_;
  std::optional<Openings> openings_;
};

// The worst of both, with what was found in either.
void add(std::optional<Answer>& all, const Answer& more) {
  if (!all) {
    all = more;
    return;
  }
  static constexpr Verdict kWorstFirst[] = {Verdict::kFail, Verdict::kUnknown, Verdict::kPass,
                                            Verdict::kNotApplicable};
  const auto rank = [](Verdict verdict) { return std::ranges::find(kWorstFirst, verdict); };
  if (rank(more.verdict) < rank(all->verdict)) {
    all->verdict = more.verdict;
    all->why = more.why;
  }
  all->findings.insert(all->findings.end(), more.findings.begin(), more.findings.end());
}

}  // namespace

std::vector<CheckResult> audit(const Input& input) {
  pass::AnalysisLimits limits = input.limits;
  limits.time /= std::max<size_t>(input.rulesets.size(), 1);
  std::vector<std::optional<Answer>> answers(checks().size());
  std::optional<Openings> ip4;
  const bool ip6_is_off = input.host != nullptr && !input.host->ip6_on;
  for (const ir::Ruleset& rules : input.rulesets) {
    if (rules.family == Family::kIpv6 && ip6_is_off) continue;
    FamilyAudit family(input, rules, ip4 ? &*ip4 : nullptr);
    family.run(limits);
    if (rules.family == Family::kIpv4) ip4 = family.openings();
    for (size_t i = 0; i < answers.size(); ++i)
      if (family.answer(i)) add(answers[i], *family.answer(i));
  }
  std::vector<CheckResult> results;
  for (size_t i = 0; i < answers.size(); ++i) {
    const Check& check = checks()[i];
    if (input.skipped.contains(check.id)) continue;
    if (check.of_host != nullptr && input.host != nullptr)
      answers[i] = check.of_host({*input.host, input.declared});
    if (!answers[i] && check.only == Family::kIpv6)
      answers[i] = ip6_is_off ? pass("IPv6 is off") : not_applicable("there are no IPv6 rules");
    if (answers[i]) results.push_back({&check, *std::move(answers[i])});
  }
  return results;
}

bool all_pass(const std::vector<CheckResult>& results) {
  return std::ranges::all_of(results, [](const CheckResult& it) {
    return it.answer.verdict == Verdict::kPass || it.answer.verdict == Verdict::kNotApplicable;
  });
}

}  // namespace bulkhead::app::audit
