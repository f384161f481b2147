// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/audit/audit.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "app/audit/mend.h"
#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "app/explanation.h"
#include "app/summary.h"

namespace bulkhead::app::audit {

namespace {

using net::Direction;
using net::Family;

// What becomes of a witness, by the simulator, which knows nothing of the sets.
void tell(const ir::Ruleset& rules, Witness& witness) {
  const Explanation why = explained(rules, witness);
  witness.verdict = verdict_word(why.verdict);
  witness.decided = why.decided;
  const bool passes = why.verdict == backend::sim::Verdict::kAccept;
  witness.certain &= why.unless.empty() && !why.depends && passes == witness.passes;
  // As `decided`: what accepts is a rule of table filter, what stops is of the table that ends it.
  const auto decides = [&](const Passage& it) { return !passes || it.table == "filter"; };
  const auto last = std::find_if(why.passages.rbegin(), why.passages.rend(), decides);
  if (last == why.passages.rend() || last->met.empty()) return;
  if (const MetRule& met = last->met.back(); met.number) witness.rule = met.rule;
}

class FamilyAudit {
 public:
  FamilyAudit(const Input& input, const ir::Ruleset& rules, const pass::AnalysisLimits& limits)
      : input_(input),
        rules_(rules),
        limits_(limits),
        until_(std::chrono::steady_clock::now() + limits.time) {}

  // `ip4`: as in Rules, of the rules as they are; `mended`: of those behind all commands.
  void run(const Openings* ip4, const Openings* mended) {
    std::string why = "the analysis didn't end";
    State state = ask(rules_, limits_, ip4, &why);
    openings_ = mended_ = state.openings;
    answers_ = state.answers;
    bool complete = true;
    for (size_t i = 0; i < answers_.size(); ++i) {
      if (!is_asked(checks()[i])) continue;
      complete &= answers_[i].has_value();
      if (!answers_[i]) answers_[i] = unknown(fmt::format("not decided: {}", why));
      for (Finding& finding : answers_[i]->findings)
        if (finding.witness) tell(rules_, *finding.witness);
    }
    const Ask again = [&](const ir::Ruleset& rules) -> std::optional<State> {
      pass::AnalysisLimits left = limits_;
      left.time = std::chrono::duration_cast<std::chrono::milliseconds>(
          until_ - std::chrono::steady_clock::now());
      if (left.time.count() <= 0 || !complete) return {};
      State next = ask(rules, left, mended, &why);
      for (size_t i = 0; i < next.answers.size(); ++i)
        if (is_asked(checks()[i]) && !next.answers[i]) return {};
      return next;
    };
    if (ip4 != mended)
      if (auto next = again(rules_)) state = *std::move(next);
    mend(answers_, state, input_.declared, input_.host, again);
    mended_ = state.openings;
  }

  const std::optional<Answer>& answer(size_t check) const { return answers_[check]; }
  const std::optional<Openings>& openings() const { return openings_; }
  const std::optional<Openings>& mended() const { return mended_; }

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
  // and another one then goes on. `why` gets what has cut short the last one.
  State ask(const ir::Ruleset& rules, const pass::AnalysisLimits& limits, const Openings* ip4,
            std::string* why) const {
    State state{rules, std::vector<std::optional<Answer>>(checks().size()), 0, {}};
    const auto work = [&](set::Model& model) {
      Packets packets(model, state.rules, input_.declared, input_.host);
      const Rules view{state.rules, packets, input_.declared, input_.host, ip4};
      if (!state.openings) {
        const auto& found = packets.openings();
        if (!model.exhausted()) state.openings = found;
      }
      state.ssh = ssh_share(view);
      for (size_t i = 0; i < checks().size() && !model.exhausted(); ++i) {
        if (state.answers[i] || !is_asked(checks()[i])) continue;
        Answer answer = checks()[i].of_rules(view);
        if (!model.exhausted()) state.answers[i] = std::move(answer);
      }
    };
    const auto ran = pass::analyse(
        {&rules},
        {.limits = limits, .more = Packets::asked(rules, input_.declared, input_.host, ip4)}, work);
    if (!ran) *why = ran.error().message;
    return state;
  }

  const Input& input_;
  const ir::Ruleset& rules_;
  pass::AnalysisLimits limits_;
  std::chrono::steady_clock::time_point until_;
  std::vector<std::optional<Answer>> answers_;
  std::optional<Openings> openings_;
  std::optional<Openings> mended_;
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
  std::optional<Openings> mended;
  const bool ip6_is_off = input.host != nullptr && !input.host->ip6_on;
  for (const ir::Ruleset& rules : input.rulesets) {
    if (rules.family == Family::kIpv6 && ip6_is_off) continue;
    FamilyAudit family(input, rules, limits);
    family.run(ip4 ? &*ip4 : nullptr, mended ? &*mended : nullptr);
    if (rules.family == Family::kIpv4) {
      ip4 = family.openings();
      mended = family.mended();
    }
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
