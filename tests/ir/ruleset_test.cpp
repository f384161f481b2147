// SPDX-License-Identifier: GPL-2.0-or-later
#include "ir/ruleset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::ir {
namespace {

std::vector<std::string> names(const auto& all) {
  std::vector<std::string> out;
  for (const auto& each : all) out.emplace_back(each.name);
  return out;
}

TEST(Ruleset, BuiltinTablesHaveTheKernelsHooks) {
  using ::testing::ElementsAre;
  EXPECT_THAT(names(builtin_tables()), ElementsAre("filter", "nat", "mangle", "raw", "security"));
  EXPECT_THAT(names(empty_table("nat").chains),
              ElementsAre("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"));
  EXPECT_THAT(names(empty_table("mangle").chains),
              ElementsAre("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"));
  EXPECT_THAT(names(empty_table("raw").chains), ElementsAre("PREROUTING", "OUTPUT"));
  EXPECT_EQ(builtin_table("broute"), nullptr);
  // Source translation comes after the filter, destination translation before.
  EXPECT_EQ(builtin_table("nat")->chains[0].priority, -100);
  EXPECT_EQ(builtin_table("nat")->chains[1].priority, 100);
}

TEST(Ruleset, TablesAreMadeInTheirOrder) {
  Ruleset rules;
  rules.table("raw");
  rules.table("filter");
  rules.table("security");
  rules.table("mangle");
  rules.table("raw").add_user_chain("kept");
  EXPECT_THAT(names(rules.tables), ::testing::ElementsAre("filter", "mangle", "raw", "security"));
  EXPECT_NE(rules.table("raw").find("kept"), nullptr);
  EXPECT_EQ(rules.find("nat"), nullptr);
}

TEST(Ruleset, UserChainsAreSortedByTheirBytesBehindTheBuiltinOnes) {
  Table table = empty_table("raw");
  for (const char* name : {"b", "A", "\xc3\xa4", "a", "aa"}) table.add_user_chain(name);
  EXPECT_THAT(names(table.chains),
              ::testing::ElementsAre("PREROUTING", "OUTPUT", "A", "a", "aa", "b", "\xc3\xa4"));
}

}  // namespace
}  // namespace bulkhead::ir
