// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/audit/mend.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/audit/remedy.h"
#include "app/rules_text.h"

namespace bulkhead::app::audit {

namespace {

// A port that is opened by several rules takes a round for each.
constexpr size_t kMostRounds = 8;
// Of one family in all; each is an audit of its own.
constexpr size_t kMostAsked = 200;

bool fails(const std::optional<Answer>& answer) {
  return answer && answer->verdict == Verdict::kFail;
}

size_t wrong_in(const std::optional<Answer>& answer) {
  return fails(answer) ? std::max(answer->findings.size(), answer->wrong) : 0;
}

std::string text_of(const ir::Ruleset& rules) { return rules_text(rules, Counts::kLeftOut); }

// The commands of a finding.
struct Step {
  std::string text;  // the finding's
  size_t place = 0;  // its place among its check's
  Commands commands;
  std::string note = {};
};

struct Way {
  State state;  // at its end
  std::vector<Step> steps;
  std::vector<size_t> kept;  // checks that would fail without the last of them
};

bool was_tried(const Way& way, const Commands& commands) {
  return std::ranges::find(way.steps, commands, &Step::commands) != way.steps.end();
}

// Those that change something.
Commands effective(ir::Ruleset rules, const Commands& commands) {
  Commands kept;
  for (const std::string& each : commands) {
    auto changed = behind(rules, {each});
    if (!changed) return {};
    if (text_of(*changed) == text_of(rules)) continue;
    kept.push_back(each);
    rules = *std::move(changed);
  }
  return kept;
}

class Mending {
 public:
  Mending(State& state, const Declared& declared, const HostFacts* host, const Ask& ask)
      : state_(state), declared_(declared), host_(host), ask_(ask) {}

  void check(size_t check, Answer& told) {
    if (!fails(state_.answers[check])) {
      if (state_.answers[check])
        for (Finding& finding : told.findings) finding.note = "mended by the commands above";
      return;
    }
    const double ssh = state_.ssh;
    before_ = state_.rules;
    // Rather one that disturbs nothing else than one that takes more commands for that.
    for (const bool repairs : {false, true}) {
      for (size_t i = 0; i < kMostWays; ++i) {
        auto way = better(check, i, {}, repairs);
        if (!way || fails(way->state.answers[check])) continue;
        take(*std::move(way), told);
        return noted(check, told, ssh);
      }
    }
    // Not all of them can be mended: one by one, those that can.
    if (wrong_in(state_.answers[check]) == 1) return noted(check, told, ssh);
    for (size_t only = 0; fails(state_.answers[check]);) {
      if (only >= state_.answers[check]->findings.size()) break;
      std::optional<Way> way;
      for (const bool repairs : {false, true})
        for (size_t i = 0; i < kMostWays && !way; ++i) way = better(check, i, only, repairs);
      if (way) {
        take(*std::move(way), told);
      } else {
        ++only;
      }
    }
    noted(check, told, ssh);
  }

 private:
  std::optional<State> asked(const ir::Ruleset& rules) {
    if (tired_ || ++asked_ > kMostAsked) return {};
    auto state = ask_(rules);
    tired_ = !state;
    return state;
  }

  // Goes from one round of a check's proposals to the next until it passes or there is none.
  bool rounds(Way& way, size_t check, size_t choice, std::optional<size_t> only) {
    if (tired_) return false;
    const size_t before = wrong_in(way.state.answers[check]);
    for (size_t round = 0; round < kMostRounds; ++round) {
      const auto& answer = way.state.answers[check];
      if (!fails(answer) || (only && wrong_in(answer) < before)) break;
      ir::Ruleset rules = way.state.rules;
      std::vector<Step> steps;
      size_t most = 0;
      for (size_t i = 0; i < answer->findings.size(); ++i) {
        if (only && i != *only) continue;
        const Finding& finding = answer->findings[i];
        const auto ways = ways_of(rules, finding);
        most = std::max(most, ways.size());
        if (ways.empty()) continue;
        const Commands commands = effective(
            rules,
            with_what_stays(rules, declared_, host_, ways[std::min(choice, ways.size() - 1)]));
        // What didn't help once won't help twice, but that a rule stands there twice.
        const bool deletes = std::ranges::any_of(commands, [](const std::string& each) {
          return each.find(" -D ") != std::string::npos;
        });
        if (commands.empty() || (!deletes && was_tried(way, commands))) continue;
        auto changed = behind(rules, commands);
        if (!changed) continue;
        rules = *std::move(changed);
        steps.push_back({finding.text, i, commands});
      }
      if (steps.empty() || (round == 0 && choice >= most)) break;
      auto next = asked(rules);
      if (!next) return false;
      way.state = *std::move(next);
      std::ranges::move(steps, std::back_inserter(way.steps));
    }
    return wrong_in(way.state.answers[check]) < before;
  }

  // What passed and now doesn't, and what lets in whom it should.
  std::vector<size_t> worse(const State& now, size_t check) const {
    std::vector<size_t> found;
    for (size_t i = 0; i < now.answers.size(); ++i) {
      const auto& before = state_.answers[i];
      const auto& after = now.answers[i];
      if (i == check || !before || !after) continue;
      const bool passed =
          before->verdict == Verdict::kPass || before->verdict == Verdict::kNotApplicable;
      const bool bad = after->verdict == Verdict::kFail || after->verdict == Verdict::kUnknown;
      const bool lets_in = checks()[i].of_rules == ssh_from_management;
      if ((passed && bad) || (lets_in && wrong_in(after) > wrong_in(before))) found.push_back(i);
    }
    return found;
  }

  // A witness may have come by a rule that does no harm once the others are gone: that one stays.
  void shorten(Way& way, size_t check) {
    for (size_t i = 0; way.steps.size() > 1 && i + 1 < way.steps.size();) {
      std::vector<Step> fewer = way.steps;
      fewer.erase(fewer.begin() + static_cast<long>(i));
      Commands all;
      for (const Step& step : fewer)
        all.insert(all.end(), step.commands.begin(), step.commands.end());
      const auto rules = behind(state_.rules, all);
      const bool keeps = rules && with_what_stays(state_.rules, declared_, host_, all) == all;
      auto state = keeps ? asked(*rules) : std::nullopt;
      if (state && wrong_in(state->answers[check]) <= wrong_in(way.state.answers[check]) &&
          worse(*state, check).empty()) {
        way = {*std::move(state), std::move(fewer), {}};
      } else {
        ++i;
      }
    }
  }

  // A way on which the check finds less. What it makes worse is mended along with it.
  std::optional<Way> better(size_t check, size_t choice, std::optional<size_t> only, bool repairs) {
    Way way{state_, {}, {}};
    if (!rounds(way, check, choice, only)) return {};
    if (!repairs && !worse(way.state, check).empty()) return {};
    if (!repairs) shorten(way, check);
    const size_t last = way.steps.back().place;
    const std::string text = way.steps.back().text;
    for (const size_t other : worse(way.state, check)) {
      const size_t own = way.steps.size();
      bool mended = false;
      for (size_t i = 0; i < kMostWays && !mended; ++i) {
        Way on = way;
        if (!rounds(on, other, i, {}) || fails(on.state.answers[other])) continue;
        way = std::move(on);
        way.kept.push_back(other);
        mended = true;
      }
      if (!mended) return {};
      for (size_t i = own; i < way.steps.size(); ++i) {
        way.steps[i].place = last;
        way.steps[i].text = text;
      }
    }
    if (!worse(way.state, check).empty()) return {};
    if (wrong_in(way.state.answers[check]) >= wrong_in(state_.answers[check])) return {};
    return way;
  }

  void take(Way way, const Answer& told) {
    if (!way.kept.empty()) {
      std::vector<std::string_view> ids;
      for (const size_t kept : way.kept) ids.push_back(checks()[kept].id);
      way.steps.back().note = fmt::format(
          "the last of these keep up what the others would break: {}", fmt::join(ids, ", "));
    }
    for (Step& step : way.steps) {
      // The one of the same words, be it another witness's by now.
      if (step.place >= told.findings.size() || told.findings[step.place].text != step.text) {
        const auto same = std::ranges::find(told.findings, step.text, &Finding::text);
        step.place = same != told.findings.end() ? static_cast<size_t>(same - told.findings.begin())
                                                 : std::min(step.place, told.findings.size() - 1);
      }
      taken_.push_back(std::move(step));
    }
    state_ = std::move(way.state);
  }

  // Whether these lead, one after the other, to the rules that the checks were asked of last.
  bool leads_there(const std::vector<Step>& steps) const {
    Commands all;
    for (const Step& step : steps)
      all.insert(all.end(), step.commands.begin(), step.commands.end());
    const auto rules = behind(before_, all);
    return rules && text_of(*rules) == text_of(state_.rules);
  }

  // Findings are shown in their order, and commands are typed as they are shown: each stands with
  // its finding where that comes to the same, else with the last that has some already, so that
  // the order is that in which they were tried.
  void hand_out(Answer& told) {
    std::vector<Step> steps = taken_;
    std::ranges::stable_sort(steps, {}, &Step::place);
    if (!leads_there(steps)) {
      steps = taken_;
      size_t last = 0;
      for (Step& step : steps) last = step.place = std::max(last, step.place);
    }
    for (const Step& step : steps) {
      Finding& to = told.findings[step.place];
      to.remedy.insert(to.remedy.end(), step.commands.begin(), step.commands.end());
      if (!step.note.empty()) add_note(to, step.note);
    }
    taken_.clear();
  }

  static void add_note(Finding& finding, const std::string& words) {
    if (finding.note.find(words) != std::string::npos) return;
    finding.note += (finding.note.empty() ? "" : "; ") + words;
  }

  void noted(size_t check, Answer& told, double ssh_before) {
    hand_out(told);
    Finding* last = nullptr;
    for (Finding& finding : told.findings) {
      if (!finding.remedy.empty()) {
        last = &finding;
      } else if (!fails(state_.answers[check])) {
        finding.note = "mended by the other commands";
      } else if (tired_) {
        add_note(finding, "commands that mend it couldn't be tried within the limits");
      } else if (finding.note.empty()) {
        finding.note = "no command that was tried mends it and leaves the rest as it is";
      }
    }
    if (last != nullptr && state_.ssh < ssh_before) {
      const std::string words = closing_note(state_.rules.family, declared_);
      if (!words.empty()) add_note(*last, words);
    }
  }

  State& state_;
  ir::Ruleset before_;       // the check whose commands are looked for
  std::vector<Step> taken_;  // its commands, in the order in which they were tried
  const Declared& declared_;
  const HostFacts* host_;
  const Ask& ask_;
  size_t asked_ = 0;
  bool tired_ = false;
};

}  // namespace

void mend(std::vector<std::optional<Answer>>& told, State& state, const Declared& declared,
          const HostFacts* host, const Ask& ask) {
  Mending mending(state, declared, host, ask);
  for (std::optional<Answer>& answer : told)
    if (answer)
      for (Finding& finding : answer->findings) finding.remedy.clear();
  for (size_t i = 0; i < told.size(); ++i)
    if (fails(told[i])) mending.check(i, *told[i]);
}

}  // namespace bulkhead::app::audit
