// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel has no module for, or what a module refuses: the error names it and its rule, and
// nothing is half applied.
#include <cerrno>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ext/row.h"
#include "kernel/nft_fixture.h"
#include "kernel/program_fixture.h"
#include "support/kernel_rules.h"

namespace bulkhead {
namespace {

using bulkhead::testing::ExecResult;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class MissingInNft : public backend::nft::testing::NftTest {
 protected:
  // Of a rule with this id among others.
  Error error_of(ir::Predicate asked, ir::Action action) {
    using backend::nft::testing::plan4, backend::nft::testing::step, backend::nft::testing::udp_to;
    const auto plan =
        plan4({step(1, udp_to(7), ir::Accept{}), step(kRule, std::move(asked), std::move(action)),
               step(9, udp_to(9), ir::Drop{})});
    const auto done = commit(plan);
    EXPECT_FALSE(done.ok());
    EXPECT_FALSE(read().v4.present) << "nothing is half applied";
    return done ? Error{} : done.error();
  }

  static constexpr ir::RuleId kRule = 77;
};

TEST_F(MissingInNft, AMatch) {
  const Error error = error_of({ir::Opaque{"nosuch", 3, std::vector<uint8_t>(8)}}, ir::Accept{});
  EXPECT_EQ(error.kind, ErrorKind::kRefused);
  EXPECT_EQ(error.errno_value, ENOENT);
  EXPECT_EQ(error.message, "Extension nosuch revision 3 not supported, missing kernel module?");
  EXPECT_EQ(error.hint,
            "a rule of chain INPUT asks for match nosuch, which this kernel doesn't have");
  EXPECT_EQ(error.rule, kRule);
}

TEST_F(MissingInNft, ATarget) {
  const Error error =
      error_of({}, ir::OpaqueTarget{.name = "NOSUCH", .bytes = std::vector<uint8_t>(8)});
  EXPECT_EQ(error.errno_value, ENOENT);
  EXPECT_EQ(error.message, "Extension NOSUCH revision 0 not supported, missing kernel module?");
  EXPECT_THAT(error.hint, HasSubstr("target NOSUCH"));
  EXPECT_EQ(error.rule, kRule);
}

TEST_F(MissingInNft, ARevision) {
  const Error error = error_of(
      {}, ir::OpaqueTarget{.name = "AUDIT", .revision = 9, .bytes = std::vector<uint8_t>(8)});
  EXPECT_EQ(error.errno_value, ENOENT);
  EXPECT_EQ(error.message, "Extension AUDIT revision 9 not supported, missing kernel module?");
}

TEST_F(MissingInNft, WhatTheModuleItselfRefuses) {
  const Error error =
      error_of({}, ir::OpaqueTarget{.name = "AUDIT", .bytes = {9, 0, 0, 0, 0, 0, 0, 0}});
  EXPECT_EQ(error.kind, ErrorKind::kRefused);
  EXPECT_EQ(error.errno_value, ERANGE);
  EXPECT_EQ(error.message,
            "the kernel refused target AUDIT in a rule of chain INPUT: Numerical result out of "
            "range");
  EXPECT_EQ(error.rule, kRule);
}

class MissingExtension : public testing::ProgramTest {};

TEST_F(MissingExtension, ACommandNamesItAndPointsAtTheRule) {
  const ExecResult done = run({"iptables", "-A", "INPUT", "-p", "tcp", "-j", "ULOG"});
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_EQ(done.err,
            "Warning: Extension ULOG revision 0 not supported, missing kernel module?\n"
            "iptables: No chain/target/match by that name.\n"
            "  -A INPUT -p tcp -j ULOG\n"
            "  ^~~~~~~~~~~~~~~~~~~~~~~\n"
            "  hint: a rule of chain INPUT asks for target ULOG, which this kernel doesn't have\n");
}

// Between two tables, of which iptables-legacy would have loaded the first.
TEST_F(MissingExtension, ARestoreFileIsLoadedAsAWholeOrNotAtAll) {
  constexpr char kBefore[] =
      "*mangle\n-A PREROUTING -p udp -j DROP\nCOMMIT\n"
      "*filter\n-A INPUT -p udp -j DROP\nCOMMIT\n";
  constexpr char kFile[] =
      "*mangle\n"
      "-A PREROUTING -p tcp -j ACCEPT\n"
      "-A INPUT -p tcp -j ULOG\n"
      "-A POSTROUTING -p tcp -j ACCEPT\n"
      "COMMIT\n"
      "*filter\n"
      "-A INPUT -p tcp -j ACCEPT\n"
      "COMMIT\n";
  ASSERT_TRUE(run({"iptables-restore"}, {.input = kBefore}).ok());
  const testing::KernelRules before = testing::kernel_rules(*net_, "bulkhead");
  ASSERT_FALSE(before.empty());
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{}, {"--test"}, {"--noflush"}}) {
    std::vector<std::string> words = {"iptables-restore"};
    words.insert(words.end(), options.begin(), options.end());
    const ExecResult done = run(words, {.input = kFile});
    EXPECT_EQ(done.exit_code, 1);
    EXPECT_THAT(done.err, StartsWith("Warning: Extension ULOG revision 0 not supported, missing "
                                     "kernel module?\niptables-restore: line 3 failed\n"));
    EXPECT_THAT(done.err, HasSubstr("target ULOG"));
    EXPECT_EQ(testing::kernel_rules(*net_, "bulkhead"), before);
  }
}

TEST_F(MissingExtension, ApplyNamesItToo) {
  const std::string file = write("rules.v4", "*filter\n-A INPUT -j ULOG\nCOMMIT\n");
  const ExecResult done = bulkhead({"apply", file});
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_THAT(done.err, HasSubstr("Extension ULOG revision 0 not supported"));
  EXPECT_EQ(rules(), "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n");
}

// The rows that say so: their kernel part is gone, or isn't ours to have.
TEST_F(MissingExtension, EveryRowThatSaysSoIsRefusedByName) {
  size_t refused = 0;
  for (const ext::Target* row : ext::targets()) {
    for (const ext::Example& example : row->examples) {
      if (example.shown_by != "missing_extension_test.cpp") continue;
      const bool v6 = example.hit.find('[') != std::string_view::npos;
      const ExecResult done =
          run({v6 ? "ip6tables-restore" : "iptables-restore"},
              {.input = fmt::format("*{}\n-A INPUT {}\nCOMMIT\n", example.table, example.rule)});
      EXPECT_EQ(done.exit_code, 1) << example.rule;
      EXPECT_THAT(done.err, HasSubstr(std::string(row->name)));
      EXPECT_THAT(done.err, HasSubstr("line 2 failed"));
      ++refused;
    }
  }
  EXPECT_GE(refused, 6u);
}

}  // namespace
}  // namespace bulkhead
