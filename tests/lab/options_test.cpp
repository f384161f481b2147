// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::lab {
namespace {

using ::testing::HasSubstr;

TEST(Options, NothingPlaysTheStory) {
  const auto options = parse_options({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->task, Options::Task::kPlay);
  EXPECT_FALSE(options->keep);
}

TEST(Options, BareKeepsTheHosts) {
  const auto options = parse_options({"--bare", "--bin", "/somewhere"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->bare);
  EXPECT_TRUE(options->keep);
  EXPECT_EQ(options->bin, "/somewhere");
}

TEST(Options, WhatIsNotKnownIsNamed) {
  const auto unknown = parse_options({"--keep", "--kep"});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("--kep"));
  EXPECT_FALSE(parse_options({"--bin"}));
}

TEST(Options, HelpNamesEveryOption) {
  for (const char* word : {"--keep", "--bare", "--json", "--bin", "down", "--help", "--version"}) {
    EXPECT_THAT(help_text(), HasSubstr(word));
  }
}

}  // namespace
}  // namespace bulkhead::lab
