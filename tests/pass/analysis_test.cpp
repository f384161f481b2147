// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/analysis.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "pass/chain_functions.h"
#include "pass/difference.h"
#include "pass/reach.h"
#include "set/model_of_text.h"

namespace bulkhead::pass {
namespace {

// Unions of boxes in general position: large under every order.
ir::Ruleset scattered(unsigned rules) {
  std::string text;
  for (unsigned i = 0; i < rules; ++i) {
    const unsigned a = i * 2654435761u;
    text += fmt::format("-A FORWARD -s {}.{}.0.0-{}.{}.0.0 -d {}.{}.0.0/16 -p tcp --dport {}:{}",
                        a % 97, a % 251, a % 97 + 20, a % 251, (a >> 8) % 200, (a >> 4) % 200,
                        (a >> 3) % 3000, (a >> 3) % 3000 + 2000) +
            "\n";
  }
  for (size_t at = 0; (at = text.find(" -s ", at)) != std::string::npos; ++at)
    text.replace(at, 4, " -m iprange --src-range ");
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 11)
    text.insert(at, at % 2 == 0 ? " -j DROP  " : " -j ACCEPT");
  return testing::rules_of(text);
}

void fold(set::Model& model, const ir::Ruleset& rules) {
  ChainFunctions functions(model, rules.tables.front());
  functions.decided(*rules.tables.front().find("FORWARD"));
}

TEST(Analysis, FitsOrSaysWhichLimitItMet) {
  const ir::Ruleset rules = scattered(300);
  const auto done = analyse({&rules}, {}, [&](set::Model& model) { fold(model, rules); });
  ASSERT_TRUE(done);
  EXPECT_GT(done->nodes, 300u);

  const auto small = analyse({&rules}, {.limits = {.bytes = size_t{1} << 16}, .more = {}},
                             [&](set::Model& model) { fold(model, rules); });
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().message, "the analysis needs more than 0 MiB of memory");
  const auto late =
      analyse({&rules}, {.limits = {.time = std::chrono::milliseconds(0)}, .more = {}},
              [&](set::Model& model) { fold(model, rules); });
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "the analysis needs more than 0 seconds");
}

// Whatever the moment at which it runs out, it doesn't take what it has by then for the answer.
TEST(Analysis, AnUnfinishedOneSaysNothing) {
  const ir::Ruleset before = scattered(120);
  ir::Ruleset after = before;
  ir::Target& target = after.tables.front().find("FORWARD")->rules[60].target;
  const bool drops = std::holds_alternative<ir::Drop>(target.action);
  const ir::Ruleset other = testing::rules_of(drops ? "-A INPUT -j ACCEPT" : "-A INPUT -j DROP");
  target = other.tables.front().find("INPUT")->rules.front().target;

  const auto dead_within = [&](uint64_t steps) -> std::optional<size_t> {
    size_t dead = 0;
    const auto done =
        analyse({&before}, {.limits = {.steps = steps}, .more = {}}, [&](set::Model& model) {
          ChainFunctions functions(model, before.tables.front());
          dead = dead_rules(model, functions).size();
        });
    return done ? std::optional(dead) : std::nullopt;
  };
  const std::optional<size_t> dead = dead_within(UINT64_MAX);
  ASSERT_TRUE(dead);

  size_t unfinished = 0;
  size_t finished = 0;
  for (uint64_t steps = 1; finished < 3; steps += steps / 4 + 1) {
    ASSERT_LT(steps, 100'000'000U);
    const auto found = difference(before, after, {.limits = {.steps = steps}});
    if (found) {
      EXPECT_FALSE(found->changes.empty()) << steps;
    }
    const auto looked = dead_within(steps);
    EXPECT_EQ(looked.value_or(*dead), *dead) << steps;
    (found && looked ? finished : unfinished) += 1;
  }
  EXPECT_GT(unfinished, 10U);
}

}  // namespace
}  // namespace bulkhead::pass
