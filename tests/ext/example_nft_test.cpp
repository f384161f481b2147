// SPDX-License-Identifier: GPL-2.0-or-later
// The nf_tables form of every row's examples: of a match what -p and it ask, of a target its
// action. What else a rule has (other matches, guards, the counter) is left out.

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "backend/nft/dump.h"
#include "backend/nft/lower.h"
#include "ext/row.h"
#include "ext/rule_text.h"

namespace bulkhead::ext {
namespace {

namespace nft = backend::nft;

constexpr ir::RuleId kId = 1;

// The expressions of the rules that count for the step: more than one where a disjunction takes
// several.
std::vector<std::vector<nft::Expr>> lowered(net::Family family, classify::Step step) {
  classify::Plan plan{.family = family};
  plan.chains.push_back({.table = "filter", .name = "X", .steps = {std::move(step)}});
  const Result<nft::Program> program = nft::lower(plan);
  std::vector<std::vector<nft::Expr>> rules;
  EXPECT_TRUE(program) << program.error().message;
  if (!program) return rules;
  for (const nft::Chain& chain : program->chains) {
    for (const nft::Rule& rule : chain.rules) {
      if (rule.id == kId) rules.push_back(rule.expressions);
    }
  }
  return rules;
}

size_t counter_of(const std::vector<nft::Expr>& rule) {
  const auto at = std::ranges::find_if(
      rule, [](const nft::Expr& expr) { return std::holds_alternative<nft::Counter>(expr); });
  return static_cast<size_t>(at - rule.begin());
}

std::string without_last_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string dump_of(const Match& match, const Example& example) {
  const net::Family family = family_of(match.families, example.hit);
  const RuleText text(family, example.rule);
  const auto own = std::ranges::find_if(text.matches(),
                                        [&](const auto& loaded) { return loaded.first == &match; });
  EXPECT_NE(own, text.matches().end()) << match.name << " isn't in " << example.rule;
  std::string dumped;
  ir::Predicate predicate = text.protocol_predicate();
  const ir::Predicate of_match = *predicate_of(match, own->second, text.context());
  predicate.insert(predicate.end(), of_match.begin(), of_match.end());
  for (const std::vector<nft::Expr>& rule : lowered(family, {.id = kId, .conditions = predicate})) {
    dumped += nft::dump(std::span(rule).first(counter_of(rule)));
  }
  return without_last_newline(dumped);
}

std::string dump_of(const Target& target, const Example& example) {
  const net::Family family = family_of(target.families, example.hit);
  const RuleText text(family, example.rule);
  const ir::Action action = *action_of(target, text.target_arguments(), text.context());
  std::string dumped;
  for (const std::vector<nft::Expr>& rule : lowered(family, {.id = kId, .action = action})) {
    dumped += nft::dump(std::span(rule).subspan(counter_of(rule) + 1));
  }
  return without_last_newline(dumped);
}

TEST(ExampleNft, OfMatches) {
  for (const Match* match : matches()) {
    for (const Example& example : match->examples) {
      EXPECT_EQ(dump_of(*match, example), example.nft) << match->name << ": " << example.rule;
    }
  }
}

TEST(ExampleNft, OfTargets) {
  for (const Target* target : targets()) {
    for (const Example& example : target->examples) {
      if (example.refused) continue;
      EXPECT_EQ(dump_of(*target, example), example.nft) << target->name << ": " << example.rule;
    }
  }
}

}  // namespace
}  // namespace bulkhead::ext
