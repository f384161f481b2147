// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/unread_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/rules_input.h"

namespace bulkhead::app {
namespace {

const std::string kText =
    "*filter\n"
    "-A INPUT -m mac --mac-source XX -j DROP\n"
    "-A INPUT -m mac --mac-source XY -j DROP\n"
    "-A INPUT --odd -j DROP\n"
    "-A INPUT -m mac --mac-source XX -j DROP\n"
    "COMMIT\n"
    "*mangle\n"
    "-A INPUT -j CHECKSUM --checksum-fill\n"
    "COMMIT\n";

TEST(UnreadWords, EachReasonIsSaidOnceWithItsFirstPlace) {
  const Source source("dump", kText);
  std::vector<lang::Unread> unread;
  for (const net::Family family : net::kFamilies)
    ASSERT_TRUE(parse_rules(source, family, Counts::kLeftOut, nullptr, &unread).ok());
  EXPECT_EQ(unread.size(), 10U) << "both families";
  std::vector<std::string> warnings;
  for (const UnreadReason& reason : unread_reasons(source, unread))
    warnings.push_back(unread_warning(source, reason));
  EXPECT_THAT(
      warnings,
      ::testing::ElementsAre(
          "dump:2:30: `XX': Invalid MAC address specified: taken for a condition that nobody knows "
          "(2 times more)",
          "dump:4:10: unknown option \"--odd\": taken for a condition that nobody knows",
          ::testing::StartsWith("dump:8:13: nf_tables can't fill in a checksum")));
}

TEST(UnreadWords, WhatIsEnforcedIsReadStrictly) {
  const RulesInput input{Source("dump.v4", kText), net::Family::kIpv4};
  EXPECT_FALSE(parse_inputs({input}).ok());
  EXPECT_TRUE(parse_inputs({input}, Counts::kLeftOut, Reading::kLenient).ok());
}

}  // namespace
}  // namespace bulkhead::app
