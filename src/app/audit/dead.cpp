// SPDX-License-Identifier: GPL-2.0-or-later
// Rules that no packet can match: at best in the way of who reads them, at worst not what was
// meant.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "app/rules_text.h"
#include "pass/reach.h"

namespace bulkhead::app::audit {

namespace {

constexpr size_t kMostNamed = 20;
constexpr size_t kMostCovers = 3;

std::string why_dead(const pass::DeadRule& dead) {
  if (dead.contradictory) return "its conditions contradict each other";
  if (dead.covered_by.empty()) return "no packet comes into its chain that it could match";
  std::vector<size_t> numbers;
  for (const size_t rule : dead.covered_by) numbers.push_back(rule + 1);
  const size_t shown = std::min(numbers.size(), kMostCovers);
  const bool more = numbers.size() > shown;
  return fmt::format("{} {}{} before it {} all of its packets",
                     numbers.size() == 1 ? "rule" : "rules",
                     fmt::join(numbers.begin(), numbers.begin() + static_cast<long>(shown), ", "),
                     more ? fmt::format(" and {} more", numbers.size() - shown) : "",
                     numbers.size() == 1 ? "takes" : "take");
}

}  // namespace

Answer no_dead_rule(const Rules& rules) {
  std::vector<Finding> findings;
  size_t more = 0;
  for (const ir::Table& table : rules.rules.tables) {
    auto dead = pass::dead_rules(rules.packets.model(), rules.packets.functions().table(table));
    if (rules.packets.arena().exhausted()) return unknown({});
    // From below, so that the numbers of those above still hold.
    std::ranges::reverse(dead);
    for (const pass::DeadRule& each : dead) {
      if (findings.size() == kMostNamed) {
        ++more;
        continue;
      }
      const ir::Chain& chain = table.chains[each.chain];
      const std::string words = rule_words(chain.rules[each.rule], rules.rules.family);
      const std::string option = table.name == "filter" ? "" : fmt::format("-t {} ", table.name);
      Finding finding{
          .text = fmt::format("rule {} of {}{} never matches ({}): {}", each.rule + 1, chain.name,
                              table.name == "filter" ? "" : " of table " + table.name, words,
                              why_dead(each)),
          .family = rules.rules.family};
      // By its words; by its number if another rule has the same ones.
      const auto same = std::ranges::count(chain.rules, chain.rules[each.rule]);
      finding.remedy = {command(
          rules.rules.family, same == 1
                                  ? fmt::format("{}-D {} {}", option, chain.name, words)
                                  : fmt::format("{}-D {} {}", option, chain.name, each.rule + 1))};
      findings.push_back(std::move(finding));
    }
  }
  if (more > 0) findings.back().note = fmt::format("and {} more such rules", more);
  Answer answer = fail_of(std::move(findings));
  answer.wrong = answer.findings.size() + more;
  return answer;
}

}  // namespace bulkhead::app::audit
