// SPDX-License-Identifier: GPL-2.0-or-later
// Inputs that are empty, partial or late must not open a host: each of these once did.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "program_fixture.h"

namespace bulkhead::testing {
namespace {

class NoAccidentOpens : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (!net_) return;
    const auto applied = bulkhead({"apply", write("seed.v4", kSeedRules)});
    ASSERT_EQ(applied.exit_code, 0) << applied.describe();
    before_ = rules();
  }
  void damage() { nft({"add", "rule", "ip", "bulkhead", "filter/INPUT", "counter"}); }

  std::string before_;
};

TEST_F(NoAccidentOpens, ApplyOfAnEmptyFileIsRefused) {
  const auto applied = bulkhead({"apply", write("empty.v4", "")});
  EXPECT_EQ(applied.exit_code, 2) << applied.describe();
  EXPECT_EQ(rules(), before_);
}

TEST_F(NoAccidentOpens, ApplyOfNothingOnStdinIsRefused) {
  const auto applied = bulkhead({"apply", "-"}, {.input = "# a generator that failed\n"});
  EXPECT_EQ(applied.exit_code, 2) << applied.describe();
  EXPECT_EQ(rules(), before_);
}

TEST_F(NoAccidentOpens, ApplyOfAnotherTableDoesNotDropTheFilter) {
  const auto applied = bulkhead({"apply", write("mangle.v4", "*mangle\nCOMMIT\n")});
  EXPECT_EQ(applied.exit_code, 1) << applied.describe();
  EXPECT_EQ(rules(), before_);
}

TEST_F(NoAccidentOpens, RestoreOfAnotherTableDoesNotReplaceADamagedOne) {
  damage();
  for (const std::string text : {"", "*mangle\nCOMMIT\n"}) {
    const auto restored = run({"iptables-restore"}, {.input = text});
    EXPECT_EQ(restored.exit_code, 4) << restored.describe();
    EXPECT_EQ(run({"iptables-restore", "--test"}, {.input = text}).exit_code, 4);
    EXPECT_NE(nft({"list", "chain", "ip", "bulkhead", "filter/INPUT"}).find("dport 80"),
              std::string::npos);
  }
}

TEST_F(NoAccidentOpens, RestoreOfTheFilterRepairsADamagedTable) {
  damage();
  EXPECT_EQ(run({"iptables-restore"}, {.input = kSeedRules}).exit_code, 0);
  EXPECT_EQ(rules(), before_);
}

TEST_F(NoAccidentOpens, AnotherNameOfIptablesIsNoPersonality) {
  const auto link = folder_ / "iptables-legacy";
  std::filesystem::create_symlink(program("bulkhead"), link);
  const auto answer = net_->exec({link.string(), "-L"});
  EXPECT_EQ(answer.signal, 0) << answer.describe();
  EXPECT_NE(answer.exit_code, 0) << answer.describe();
}

}  // namespace
}  // namespace bulkhead::testing
