// SPDX-License-Identifier: GPL-2.0-or-later
// A line with a list of addresses is several rules, and what is true of one needn't be of all.
#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command/check.h"
#include "lang/head.h"

namespace bulkhead::app {

namespace {

// Remarks that a line deserves only if all of its rules do.
bool of_whole_line(pass::LintKind kind) {
  return kind == pass::LintKind::kNeverMatches || kind == pass::LintKind::kContradiction ||
         kind == pass::LintKind::kNoEffect;
}

// "from 10.0.0.1 to 192.0.2.0/24"
std::string addresses_of(const ir::Rule& rule) {
  std::string words;
  for (const ir::Argument& argument : rule.head.arguments) {
    const bool source = argument.option == lang::kSource;
    if (!source && argument.option != lang::kDestination) continue;
    std::string_view address = argument.text;
    for (const std::string_view single : {"/32", "/128"})
      if (address.ends_with(single)) address.remove_suffix(single.size());
    words += fmt::format("{}{} {}{}", words.empty() ? "" : " ", source ? "from" : "to",
                         argument.negated ? "not " : "", address);
  }
  return words;
}

std::string listed(const std::vector<std::string>& all) {
  constexpr size_t kMost = 4;
  if (all.size() == 1) return all.front();
  const bool few = all.size() <= kMost;
  const size_t shown = few ? all.size() - 1 : kMost - 1;
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(shown);
  return fmt::format("{} and {}", fmt::join(all.begin(), end, ", "),
                     few ? all.back() : fmt::format("{} more", all.size() - shown));
}

size_t rules_of_line(const ir::Chain& chain, const Span& line) {
  return static_cast<size_t>(std::ranges::count(chain.rules, line, &ir::Rule::span));
}

}  // namespace

std::vector<pass::Lint> by_line(const ir::Ruleset& rules, std::vector<pass::Lint> lints) {
  const auto rule_of = [&](const pass::RulePlace& place) -> const ir::Rule* {
    return place.rule ? &rules.find(place.table)->find(place.chain)->rules[*place.rule] : nullptr;
  };
  // Remarks that say the same of rules of one line, by where the first one stands.
  using Same = std::tuple<std::string, std::string, uint32_t, pass::LintKind, bool>;
  std::map<Same, size_t> first;
  std::map<size_t, std::vector<const ir::Rule*>> theirs;
  std::vector<pass::Lint> all;
  for (pass::Lint& lint : lints) {
    const ir::Rule* const rule = rule_of(lint.place);
    if (rule == nullptr || rule->span.empty() || !of_whole_line(lint.kind)) {
      all.push_back(std::move(lint));
      continue;
    }
    const Same same{lint.place.table, lint.place.chain, rule->span.begin, lint.kind,
                    lint.others.empty()};
    const auto [known, fresh] = first.try_emplace(same, all.size());
    theirs[known->second].push_back(rule);
    if (fresh) {
      all.push_back(std::move(lint));
      continue;
    }
    pass::Lint& before = all[known->second];
    for (pass::RulePlace& other : lint.others) {
      const Span line = rule_of(other)->span;
      if (std::ranges::none_of(
              before.others, [&](const pass::RulePlace& it) { return rule_of(it)->span == line; }))
        before.others.push_back(std::move(other));
    }
    if (before.kind == pass::LintKind::kNeverMatches)
      before.words = pass::never_matches_words(before.others.size());
  }
  for (const auto& [number, those] : theirs) {
    pass::Lint& lint = all[number];
    const ir::Chain& chain = *rules.find(lint.place.table)->find(lint.place.chain);
    if (those.size() == rules_of_line(chain, those.front()->span)) continue;
    std::vector<std::string> addresses;
    for (const ir::Rule* rule : those) addresses.push_back(addresses_of(*rule));
    lint.words = fmt::format("{} {}", listed(addresses), lint.words);
  }
  return all;
}

}  // namespace bulkhead::app
