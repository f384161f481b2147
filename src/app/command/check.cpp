// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/check.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "app/report.h"
#include "app/rules_text.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

// Where a file says that a chain is there: ":NAME" or "-N NAME" behind "*table".
Span chain_span(const Source& source, const pass::RulePlace& place) {
  bool in_table = false;
  for (uint32_t number = 1;; ++number) {
    const std::string_view line = source.line(number);
    if (line.data() == nullptr) return {};
    const auto begin = static_cast<uint32_t>(line.data() - source.text().data());
    if (line.starts_with("*")) in_table = line.substr(1).starts_with(place.table);
    for (const std::string_view before : {":", "-N ", "-P "}) {
      if (!in_table || !line.starts_with(before)) continue;
      const std::string_view rest = line.substr(before.size());
      if (rest.substr(0, rest.find(' ')) != place.chain) continue;
      return {begin, begin + static_cast<uint32_t>(before.size() + place.chain.size())};
    }
    if (begin + line.size() >= source.text().size()) return {};
  }
}

FoundAt find(const RulesToAnalyse& all, const ir::Ruleset& rules, const pass::RulePlace& place) {
  const ir::Chain& chain = *rules.find(place.table)->find(place.chain);
  const ir::Rule* rule = place.rule ? &chain.rules[*place.rule] : nullptr;
  FoundAt at;
  if (rule != nullptr)
    at.rule = fmt::format("-A {} {}", chain.name, rule_words(*rule, rules.family));
  if (all.source) at.span = rule != nullptr ? rule->span : chain_span(*all.source, place);
  if (!at.span.empty()) {
    const Position position = all.source->position(at.span.begin);
    at.line = position.line;
    at.column = position.column;
    at.text = fmt::format("{}:{}:{}", all.name, at.line, at.column);
    if (rule != nullptr) at.rule = std::string(all.source->line(at.line));
    return at;
  }
  at.text = fmt::format("{}, {}, table {}, {}", all.name, family_name(rules.family), place.table,
                        rule != nullptr ? fmt::format("rule {} of {}", *place.rule + 1, chain.name)
                                        : fmt::format("chain {}", chain.name));
  return at;
}

// The rule that was read from this place.
std::optional<pass::RulePlace> rule_at(const ir::Ruleset& rules, Span span) {
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) {
      for (size_t i = 0; i < chain.rules.size(); ++i) {
        const Span rule = chain.rules[i].span;
        if (rule.begin <= span.begin && span.end <= rule.end)
          return pass::RulePlace{.table = table.name, .chain = chain.name, .rule = i};
      }
    }
  }
  return {};
}

void add(Checked& checked, const ir::Ruleset& rules, const std::vector<pass::Lint>& lints) {
  for (const pass::Lint& lint : lints) {
    Finding finding{.kind = lint.kind,
                    .family = rules.family,
                    .place = lint.place,
                    .words = lint.words,
                    .at = find(checked.rules, rules, lint.place),
                    .others = {},
                    .families = {rules.family}};
    for (const pass::RulePlace& other : lint.others) {
      FoundAt at = find(checked.rules, rules, other);
      // One line may be several rules.
      if (std::ranges::find(finding.others, at.text, &FoundAt::text) == finding.others.end())
        finding.others.push_back(std::move(at));
    }
    // A file that is for both families says it once.
    const auto same = std::ranges::find_if(checked.findings, [&](const Finding& it) {
      return !it.at.span.empty() && it.at.span == finding.at.span && it.kind == finding.kind &&
             it.words == finding.words;
    });
    if (same != checked.findings.end()) {
      if (std::ranges::find(same->families, rules.family) == same->families.end())
        same->families.push_back(rules.family);
    } else {
      checked.findings.push_back(std::move(finding));
    }
  }
}

// What `bulkhead apply` would refuse.
void add_unread(Checked& checked) {
  for (const ReadingNotes::Unread& unread : checked.rules.notes.unread) {
    const Span span = unread.reason.span;
    const Position position = checked.rules.source->position(span.begin);
    Finding finding{
        .kind = {},
        .family = {},
        .place = {},
        .words = fmt::format("`bulkhead apply' refuses this: {}", unread.reason.words),
        .at = {.text = fmt::format("{}:{}:{}", checked.rules.name, position.line, position.column),
               .line = position.line,
               .column = position.column,
               .span = span,
               .rule = std::string(checked.rules.source->line(position.line))},
        .others = {},
        .families = {}};
    for (const ir::Ruleset& rules : checked.rules.rulesets) {
      const auto place = rule_at(rules, span);
      if (!place) continue;
      if (finding.families.empty()) {
        finding.family = rules.family;
        finding.place = *place;
      }
      finding.families.push_back(rules.family);
    }
    checked.findings.push_back(std::move(finding));
  }
}

// The only IPv6 rules that were read, if there are some.
const ir::Ruleset* only_one(const std::vector<Checked>& all, net::Family family) {
  const ir::Ruleset* found = nullptr;
  for (const Checked& checked : all) {
    for (const ir::Ruleset& rules : checked.rules.rulesets) {
      if (rules.family != family) continue;
      if (found != nullptr) return nullptr;
      found = &rules;
    }
  }
  return found;
}

}  // namespace

std::vector<Checked> check(std::vector<RulesToAnalyse> words, const pass::AnalysisLimits& limits) {
  std::vector<Checked> all;
  for (RulesToAnalyse& rules : words)
    all.push_back({.rules = std::move(rules), .findings = {}, .unfinished = {}});
  const ir::Ruleset* v6 = only_one(all, net::Family::kIpv6);
  for (Checked& checked : all) {
    add_unread(checked);
    for (const ir::Ruleset& rules : checked.rules.rulesets) {
      const pass::Lints lints = pass::lint(rules, limits);
      add(checked, rules, checked.rules.source ? by_line(rules, lints.found) : lints.found);
      checked.unfinished.insert(checked.unfinished.end(), lints.unfinished.begin(),
                                lints.unfinished.end());
    }
    // Beside its own IPv6 rules, else beside the only ones that there are.
    const auto own = [&](net::Family family) -> const ir::Ruleset* {
      const auto at = std::ranges::find(checked.rules.rulesets, family, &ir::Ruleset::family);
      return at == checked.rules.rulesets.end() ? nullptr : &*at;
    };
    const ir::Ruleset* v4 = own(net::Family::kIpv4);
    const ir::Ruleset* twin = own(net::Family::kIpv6) ? own(net::Family::kIpv6) : v6;
    if (v4 != nullptr && twin != nullptr) add(checked, *v4, pass::lint_twins(*v4, *twin));
    if (checked.rules.source) {
      std::ranges::stable_sort(checked.findings, {},
                               [](const Finding& it) { return it.at.span.begin; });
    }
  }
  return all;
}

int run_check(const CheckOptions& options) {
  std::vector<RulesToAnalyse> read;
  for (const std::string& word : options.words) {
    auto rules = rules_to_analyse(word, {}, UnreadIsTold::kByCaller);
    if (!rules) return without_finding(report(rules.error()));
    read.push_back(*std::move(rules));
  }
  const std::vector<Checked> all = check(std::move(read), options.limits);
  const Paint paint(wants_color(options.color, STDOUT_FILENO));
  bool found = false;
  bool unfinished = false;
  std::string text;
  for (const Checked& checked : all) {
    text += check_text(checked, paint);
    found |= !checked.findings.empty();
    unfinished |= !checked.unfinished.empty();
  }
  print(options.json ? check_json(all) : text);
  return found ? kFound : unfinished ? kUnfinished : kDone;
}

}  // namespace bulkhead::app
