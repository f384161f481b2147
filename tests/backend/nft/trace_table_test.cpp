// SPDX-License-Identifier: GPL-2.0-or-later
// Where a trace chooses packets, and what it may not ask.
#include "backend/nft/trace_table.h"

#include <gtest/gtest.h>

#include "backend/nft/dump.h"
#include "backend/nft/plan_words.h"

namespace bulkhead::backend::nft::testing {
namespace {

TraceStart start(std::vector<ir::Predicate> any_of) {
  return {.hooks = {ir::Hook::kPrerouting, ir::Hook::kOutput}, .any_of = std::move(any_of)};
}

std::string refusal(ir::Condition condition) {
  const auto table = trace_table(start({{protocol(6), std::move(condition)}}));
  return table ? "taken" : table.error().message;
}

TEST(TraceTable, StartsBeforeAllThatDecidesAndEndsBehindIt) {
  const auto table = trace_table(start({{protocol(17)}, {protocol(6), tcp(), dport(22)}}));
  ASSERT_TRUE(table.ok());
  ASSERT_EQ(table->starts.size(), 2u);
  for (const Chain& chain : table->starts) {
    EXPECT_EQ(chain.base->priority, -350);
    EXPECT_FALSE(chain.base->drop_policy);
    ASSERT_EQ(chain.rules.size(), 2u);
    std::string text;
    for (const Expr& expression : chain.rules[1].expressions) text += dump(expression);
    EXPECT_EQ(text,
              "[ meta load l4proto => reg 1 ][ cmp eq reg 1 0x06 ]"
              "[ payload load 2b @ transport + 2 => reg 1 ][ cmp eq reg 1 0x0016 ]"
              "[ payload load 3b @ transport + 17 => reg 1 ][ cmp gte reg 1 0x000000 ]");
  }
  EXPECT_EQ(table->starts[0].base->hook, 0u);
  EXPECT_EQ(table->starts[1].base->hook, 3u);
  ASSERT_EQ(table->ends.size(), 2u);
  EXPECT_EQ(table->ends[0].base->hook, 1u);
  EXPECT_EQ(table->ends[1].base->hook, 4u);
  for (const Chain& chain : table->ends) {
    EXPECT_TRUE(chain.rules.empty());
    EXPECT_FALSE(chain.base->drop_policy);
    EXPECT_GT(chain.base->priority, 1'000'000);
  }
}

TEST(TraceTable, BehindConntrackOnlyWhereConntrackComesAtAll) {
  TraceStart behind = start({{state({ir::CtState::kNew})}});
  behind.behind_conntrack = true;
  behind.hooks.push_back(ir::Hook::kForward);
  const auto table = trace_table(behind);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->starts[0].base->priority, -199);
  EXPECT_EQ(table->starts[1].base->priority, -199);
  EXPECT_EQ(table->starts[2].base->priority, -350);
}

TEST(TraceTable, AsksNothingThatMayDropOrRemember) {
  EXPECT_NE(
      refusal(ir::Header{.form = ir::Header::Form::kTcp, .tcp_option = 2}).find("--tcp-option"),
      std::string::npos);
  EXPECT_NE(refusal(ir::Opaque{.name = "recent"}).find("match recent"), std::string::npos);
  EXPECT_NE(refusal(ir::Opaque{.name = "sctp", .stateful = false}).find("match sctp"),
            std::string::npos);
  EXPECT_EQ(refusal(ir::Opaque{.name = "owner", .stateful = false}), "taken");
  EXPECT_EQ(refusal(ir::Limit{.rate = 1}), "taken") << "its bucket is the trace's own";
}

TEST(TraceTable, HasANameOfItsOwn) {
  EXPECT_EQ(trace_table_name(4'000'000'000), "bulkhead_trace_4000000000");
  EXPECT_TRUE(is_trace_table("bulkhead_trace_1"));
  EXPECT_FALSE(is_trace_table("bulkhead"));
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
