// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/pass.h"

#include <gtest/gtest.h>

#include "ir/dump.h"
#include "ir/handmade.h"

namespace bulkhead::pass {
namespace {

using namespace bulkhead::testing;

Handmade nested() {
  Handmade made;
  made.add("INPUT", {}, jump("a"));
  made.add("a", {}, jump("b"));
  made.add("b", {}, ir::Drop{});
  return made;
}

TEST(Pass, RunsEachOnceAndTakesItsTime) {
  std::vector<Timing> timings;
  const auto rules = run(nested().rules, {.max_depth = 1}, &timings);
  ASSERT_TRUE(rules.ok());
  ASSERT_EQ(timings.size(), passes().size());
  EXPECT_EQ(timings[0].pass, "inline-deep-chains");
  EXPECT_NE(ir::dump(*rules), ir::dump(nested().rules));
}

TEST(Pass, OneMayBeLeftOut) {
  const auto rules = run(nested().rules, {.max_depth = 1, .off = {"inline-deep-chains"}});
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(ir::dump(*rules), ir::dump(nested().rules));
}

TEST(Pass, AnUnknownNameIsAnError) {
  const auto rules = run(nested().rules, {.max_depth = 1, .off = {"inline"}});
  ASSERT_FALSE(rules.ok());
  EXPECT_EQ(rules.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(rules.error().message, "there is no pass \"inline\"");
}

TEST(Pass, EachHasANameAndAReason) {
  for (const Pass& pass : passes()) {
    EXPECT_FALSE(pass.name.empty());
    EXPECT_FALSE(pass.reason.empty());
  }
}

}  // namespace
}  // namespace bulkhead::pass
