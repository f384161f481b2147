// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/persist.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "host/boot.h"
#include "host/files.h"
#include "support/temporary_folder.h"

namespace bulkhead::host {
namespace {

const SavedRules kRules{.v4 = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n", .v6 = "*filter\nCOMMIT\n"};

class PersistTest : public ::testing::Test {
 protected:
  void overwrite(const std::string& text) {
    std::ofstream(folder_ / kSavedName, std::ios::trunc) << text;
  }
  static unsigned mode(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
  }

  const testing::TemporaryFolder made_{"persist"};
  const std::filesystem::path base_ = made_.path();
  const std::filesystem::path folder_ = base_ / "state";
};

TEST_F(PersistTest, WhatWasSavedIsFound) {
  ASSERT_TRUE(save(folder_, kRules).ok());
  const Saved found = look_for_saved(folder_);
  EXPECT_EQ(found.state, Saved::State::kReadable) << found.why;
  EXPECT_EQ(found.rules, kRules);
  EXPECT_TRUE(found.marked);
}

TEST_F(PersistTest, OnlyRootMayReadIt) {
  const mode_t before = umask(0);
  const auto saved = save(folder_, kRules);
  umask(before);
  ASSERT_TRUE(saved.ok());
  EXPECT_EQ(mode(folder_), 0700U);
  EXPECT_EQ(mode(folder_ / kSavedName), 0600U);
  EXPECT_EQ(mode(folder_ / kMarkerName), 0600U);
}

TEST_F(PersistTest, NeverSavedIsNotLost) {
  EXPECT_EQ(look_for_saved(folder_).state, Saved::State::kNever);
}

TEST_F(PersistTest, SavedOnceAndMissingIsLost) {
  ASSERT_TRUE(save(folder_, kRules).ok());
  std::filesystem::remove(folder_ / kSavedName);
  const Saved found = look_for_saved(folder_);
  EXPECT_EQ(found.state, Saved::State::kLost);
  EXPECT_NE(found.why.find("is missing"), std::string::npos) << found.why;
}

TEST_F(PersistTest, AnyTruncationIsLost) {
  const std::string whole = format_saved(kRules);
  ASSERT_TRUE(save(folder_, kRules).ok());
  for (size_t size = 0; size < whole.size(); ++size) {
    overwrite(whole.substr(0, size));
    ASSERT_EQ(look_for_saved(folder_).state, Saved::State::kLost)
        << "cut after " << size << " bytes";
  }
}

TEST_F(PersistTest, AnyChangedByteIsLost) {
  const std::string whole = format_saved(kRules);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] ^= 1;
    ASSERT_FALSE(parse_saved(changed).ok()) << "byte " << at;
  }
  EXPECT_FALSE(parse_saved(whole + "\n").ok());
  EXPECT_FALSE(parse_saved(whole + whole).ok());
}

TEST_F(PersistTest, AFamilyWithoutRulesStaysWithout) {
  const SavedRules only_v6{.v4 = "", .v6 = kRules.v6};
  const auto back = parse_saved(format_saved(only_v6));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, only_v6);
}

TEST_F(PersistTest, RulesThatLookLikeAHeadingStayRules) {
  const SavedRules odd{.v4 = "# family ip6, 3 bytes\nabc", .v6 = "# end 0 bytes, checksum 0\n"};
  const auto back = parse_saved(format_saved(odd));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, odd);
}

TEST_F(PersistTest, WhatAKilledWriterLeftIsOverwritten) {
  ASSERT_TRUE(save(folder_, kRules).ok());
  std::ofstream(folder_ / ".saved.rules.new") << std::string(100'000, 'x');
  const SavedRules other{.v4 = "*raw\nCOMMIT\n", .v6 = ""};
  ASSERT_TRUE(save(folder_, other).ok());
  EXPECT_EQ(look_for_saved(folder_).rules, other);
  EXPECT_FALSE(std::filesystem::exists(folder_ / ".saved.rules.new"));
}

TEST_F(PersistTest, KilledAtAnyMomentTheFileIsWholeAndOneOfTheTwo) {
  const SavedRules one{.v4 = std::string(200'000, '1') + '\n', .v6 = "1\n"};
  const SavedRules two{.v4 = std::string(200'000, '2') + '\n', .v6 = "2\n"};
  ASSERT_TRUE(save(folder_, one).ok());
  for (int i = 0; i < 40; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (;;) {
        if (!save(folder_, two).ok() || !save(folder_, one).ok()) _exit(1);
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(i * 397 % 9000));
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    const Saved found = look_for_saved(folder_);
    ASSERT_EQ(found.state, Saved::State::kReadable) << found.why;
    ASSERT_TRUE(found.rules == one || found.rules == two);
  }
}

TEST_F(PersistTest, AFailedSaveLeavesTheOldFile) {
  ASSERT_TRUE(save(folder_, kRules).ok());
  std::filesystem::create_directory(folder_ / ".saved.rules.new");
  const auto result = save(folder_, SavedRules{});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find(".saved.rules.new"), std::string::npos);
  EXPECT_EQ(look_for_saved(folder_).rules, kRules);
}

TEST_F(PersistTest, ForgottenIsNeverSaved) {
  ASSERT_TRUE(save(folder_, kRules).ok());
  ASSERT_TRUE(forget_saved(folder_).ok());
  EXPECT_EQ(look_for_saved(folder_).state, Saved::State::kNever);
  EXPECT_TRUE(forget_saved(folder_).ok()) << "twice is no error";
}

}  // namespace
}  // namespace bulkhead::host
