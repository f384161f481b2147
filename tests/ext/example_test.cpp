// SPDX-License-Identifier: GPL-2.0-or-later
// Every row's examples: what is printed for them, and that printing and parsing again changes
// nothing.

#include <algorithm>

#include <gtest/gtest.h>

#include "ext/row.h"
#include "ext/rule_text.h"

namespace bulkhead::ext {
namespace {

struct Case {
  std::string_view row;
  net::Family family;
  Example example;
};

std::vector<Case> all_examples() {
  std::vector<Case> cases;
  for (const Match* match : matches()) {
    for (const Example& example : match->examples) {
      cases.push_back({match->name, family_of(match->families, example.hit), example});
    }
  }
  for (const Target* target : targets()) {
    for (const Example& example : target->examples) {
      cases.push_back({target->name, family_of(target->families, example.hit), example});
    }
  }
  return cases;
}

TEST(Examples, ArePrintedAsTheySay) {
  for (const Case& c : all_examples()) {
    const RuleText rule(c.family, c.example.rule);
    ASSERT_FALSE(rule.error()) << c.example.rule << ": " << rule.message();
    EXPECT_EQ(rule.print(), c.example.canonical) << c.example.rule;
  }
}

TEST(Examples, StayTheSameWhenTheyAreParsedAgain) {
  for (const Case& c : all_examples()) {
    const RuleText rule(c.family, c.example.rule);
    const RuleText again(c.family, c.example.canonical);
    ASSERT_FALSE(again.error()) << c.example.canonical << ": " << again.message();
    EXPECT_EQ(again.print(), c.example.canonical);
    ASSERT_EQ(again.matches().size(), rule.matches().size());
    for (size_t i = 0; i < rule.matches().size(); ++i) {
      EXPECT_EQ(again.matches()[i].second, rule.matches()[i].second) << c.example.rule;
    }
    EXPECT_EQ(again.target_arguments(), rule.target_arguments()) << c.example.rule;
    const Result<ir::Predicate> meant = rule.predicate();
    ASSERT_TRUE(meant) << c.example.rule << ": " << meant.error().message;
    EXPECT_EQ(*again.predicate(), *meant) << c.example.rule;
  }
}

TEST(Examples, OfATargetLowerToAnAction) {
  for (const Case& c : all_examples()) {
    const RuleText rule(c.family, c.example.rule);
    if (rule.target() == nullptr) continue;
    const Result<ir::Action> action =
        action_of(*rule.target(), rule.target_arguments(), rule.context());
    if (c.example.refused) {
      ASSERT_FALSE(action) << c.example.rule;
      EXPECT_EQ(action.error().kind, ErrorKind::kRefused) << c.example.rule;
      continue;
    }
    EXPECT_TRUE(action) << c.example.rule << ": " << action.error().message;
  }
}

// The static_assert of each row asks for the same; this names the row, and holds for rows that
// forget the assert.
TEST(Examples, AreThereForEveryRow) {
  const auto check = [](std::string_view name, std::span<const Example> examples) {
    EXPECT_GE(examples.size(), 2u) << name;
    for (const Example& example : examples) {
      if (example.refused) continue;
      EXPECT_FALSE(example.hit.empty()) << name;
      EXPECT_FALSE(example.miss.empty()) << name;
      EXPECT_NE(example.hit, example.miss) << name;
    }
  };
  for (const Match* match : matches()) check(match->name, match->examples);
  for (const Target* target : targets()) check(target->name, target->examples);
}

TEST(Examples, UseEveryOption) {
  const auto check = [](std::string_view row, std::span<const Option> options,
                        std::span<const Example> examples) {
    for (const Option& option : options) {
      if (!option.stands_for.empty() || option.folded) continue;
      const std::string plain = "--" + std::string(option.name);
      const auto shown = [&](const std::string& text) {
        return std::ranges::any_of(examples, [&](const Example& example) {
          return example.canonical.find(text) != std::string_view::npos;
        });
      };
      EXPECT_TRUE(shown(plain)) << row << ' ' << plain;
      if (option.negation == Negation::kAllowed && option.opposite.empty()) {
        EXPECT_TRUE(shown("! " + plain)) << row << " ! " << plain;
      }
    }
  };
  for (const Match* match : matches()) check(match->name, match->options, match->examples);
  for (const Target* target : targets()) check(target->name, target->options, target->examples);
}

}  // namespace
}  // namespace bulkhead::ext
