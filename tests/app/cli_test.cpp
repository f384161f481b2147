// SPDX-License-Identifier: GPL-2.0-or-later
// Whole command lines that need no kernel: what they say and what they exit with.
#include "app/cli.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/json.h"
#include "support/temporary_folder.h"

namespace bulkhead::app {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Ran {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Ran bulkhead(std::vector<std::string> words) {
  words.insert(words.begin(), "bulkhead");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Ran ran{.exit_code = bulkhead_main(static_cast<int>(words.size()), argv.data()),
          .out = {},
          .err = {}};
  std::fflush(stdout);
  ran.out = ::testing::internal::GetCapturedStdout();
  ran.err = ::testing::internal::GetCapturedStderr();
  return ran;
}

class CommandLine : public ::testing::Test {
 protected:
  void SetUp() override {
    fine_ = write("fine.v4", "*filter\n:INPUT DROP\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n");
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  const testing::TemporaryFolder made_{"cli"};
  const fs::path folder_ = made_.path();
  std::string fine_;
};

TEST_F(CommandLine, AFileThatCannotBeReadIsTwo) {
  const std::string packet = "tcp 192.0.2.9 > 192.0.2.1:22 in eth0";
  const std::string service = "--service=tcp/22";
  for (const std::string& file : {std::string("/nonexistent/r.v4"), std::string("/")}) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"apply", file},
             {"check", file},
             {"diff", file, fine_},
             {"diff", fine_, file},
             {"audit", file},
             {"audit", fine_, file},
             {"matrix", "--chain=FORWARD", service, file},
             {"matrix", "--chain=FORWARD", service, "--interfaces", file, fine_},
             {"explain", packet, file},
             {"explain", "--who", "tcp/22", file},
             {"prove", "--claims", file, fine_}}) {
      const Ran ran = bulkhead(words);
      EXPECT_EQ(ran.exit_code, 2) << words.front() << " " << file;
      EXPECT_THAT(ran.err, HasSubstr("can't read")) << words.front();
    }
  }
}

TEST_F(CommandLine, AValueThatCannotBeIsToldWhatMayStandThere) {
  const auto says = [&](std::vector<std::string> words, const std::string& what) {
    const Ran ran = bulkhead(words);
    EXPECT_EQ(ran.exit_code, 2) << words.back();
    EXPECT_THAT(ran.err, HasSubstr(what));
  };
  says({"check", fine_, "--time", "0.5"}, "--time: `0.5' is no whole number from 1 to");
  says({"check", fine_, "--time", "0"}, "--time: `0' is no whole number from 1 to");
  says({"check", fine_, "--memory", "0"}, "--memory: `0' is no whole number from 1 to");
  says({"check", fine_, "--time", "-1"}, "--time: `-1' is no whole number");
  says({"check", fine_, "--color", "sometimes"}, "`sometimes' is none of always, auto, never");
  says({"diff", fine_, fine_, "--most", "-1"}, "--most: `-1' is no whole number from 0 to");
  says({"matrix", "--chain=FORWARD", "--service=tcp/22", "--source-port=abc", fine_},
       "--source-port: `abc' is no whole number from 0 to 65535");
  says({"import", "--from", "ipchains"}, "`ipchains' is none of legacy, nft");
  says({"apply", fine_, "--wait"}, "--wait needs a value: --wait SECONDS");
  says({"apply", fine_, "--wait"}, "bulkhead apply --help");
}

TEST_F(CommandLine, CheckFindsWhatApplyWouldRefuse) {
  const std::string file =
      write("r.v4", "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport htpt -j DROP\nCOMMIT\n");
  const Ran text = bulkhead({"check", file});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.out, AllOf(HasSubstr("r.v4:3:25: warning: `bulkhead apply' refuses this: "
                                        "invalid port/service `htpt' specified"),
                              HasSubstr("                          ^~~~\n"),
                              HasSubstr("r.v4: 1 warning in 1 rule\n")));
  EXPECT_EQ(text.err, "");
  const Ran json = bulkhead({"check", "--json", file});
  EXPECT_EQ(json.exit_code, 1);
  const Json finding = Json::parse(json.out)[0]["findings"][0];
  EXPECT_EQ(finding["kind"], "not-understood");
  EXPECT_EQ(finding["line"], 3);
  EXPECT_EQ(finding["chain"], "INPUT");
  EXPECT_EQ(finding["number"], 1);
  EXPECT_EQ(finding["families"], Json::array({"IPv4"}));
  EXPECT_EQ(bulkhead({"check", fine_}).exit_code, 0);
}

TEST_F(CommandLine, WhatWasNotUnderstoodIsInTheAnswersToPrograms) {
  const std::string file =
      write("r.v4", "*filter\n:FORWARD ACCEPT\n-A FORWARD -p tcp --dport htpt -j DROP\nCOMMIT\n");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"diff", "--json", fine_, file},
           {"matrix", "--json", "--chain=FORWARD", "--service=tcp/22", file},
           {"audit", "--json", file},
           {"audit", "--json", file, write("r.v6", "*filter\nCOMMIT\n")}}) {
    const Ran ran = bulkhead(words);
    EXPECT_THAT(ran.err, HasSubstr("r.v4:3:27: invalid port/service")) << words.front();
    const Json warnings = Json::parse(ran.out)["warnings"];
    ASSERT_EQ(warnings.size(), 1u) << words.front();
    EXPECT_THAT(warnings[0].get<std::string>(), HasSubstr("taken for a condition that nobody"));
  }
}

TEST_F(CommandLine, AFileThatBreaksOffIsNamed) {
  const std::string file = write("short.v4", "*filter\n-A INPUT -j DROP\n");
  const Ran ran = bulkhead({"check", file});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("short.v4: COMMIT expected at line 3"));
}

TEST_F(CommandLine, TheAuditReadsAConfigurationBehindADeclaration) {
  const std::string config = write("c.toml", "[management]\naddresses = [\"192.0.2.9\"]\n");
  const std::string file = write("d.v4", "*filter\n:INPUT DROP\n:FORWARD DROP\nCOMMIT\n");
  const std::vector<std::string> head{"audit", "--declare", "forwarding", "--config"};
  const auto with = [&](const std::string& name) {
    std::vector<std::string> words = head;
    words.insert(words.end(), {name, file});
    return bulkhead(words);
  };
  EXPECT_THAT(with(config).out, AllOf(HasSubstr("management 192.0.2.9/32 doesn't reach ssh"),
                                      HasSubstr("forwarding is declared")));
  const Ran missing = with("/nonexistent/c.toml");
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("there is no /nonexistent/c.toml"));
}

TEST_F(CommandLine, AValueTakenForAFileIsToldOfCommas) {
  const Ran addresses = bulkhead({"audit", "--management", "192.0.2.1", "192.0.2.2", fine_});
  EXPECT_EQ(addresses.exit_code, 2);
  EXPECT_THAT(addresses.err,
              AllOf(HasSubstr("can't read 192.0.2.2"), HasSubstr("--management ADDRESS,ADDRESS")));
  EXPECT_THAT(bulkhead({"audit", "--skip", "invalid", "saved-not", fine_}).err,
              Not(HasSubstr("commas")));
  EXPECT_THAT(bulkhead({"audit", fine_, "--skip", "invalid", "egress"}).err,
              HasSubstr("--skip CHECK,CHECK"));
}

TEST_F(CommandLine, LongNamesDoNotPushADifferenceOffThePage) {
  const std::string open = write("open.v4", "*filter\n:INPUT ACCEPT\nCOMMIT\n");
  const Ran ran = bulkhead({"diff", fine_, open});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("IPv4, table filter, INPUT opens:\n"),
                    HasSubstr("    fine.v4  dropped by"), HasSubstr("    open.v4  accepted by")));
}

TEST_F(CommandLine, ExplainReadsOneFile) {
  const Ran ssh = bulkhead({"explain", "tcp 192.0.2.9 > 192.0.2.1:22 in eth0", fine_});
  EXPECT_EQ(ssh.exit_code, 0) << ssh.err;
  EXPECT_THAT(ssh.out, HasSubstr("to let it pass: iptables -A INPUT -p tcp --dport 22 "));
  const Ran local =
      bulkhead({"explain", "--connection", "tcp 127.0.0.1 > 127.0.0.1:22 in lo", fine_});
  EXPECT_EQ(local.exit_code, 0) << local.err;
  EXPECT_THAT(local.out, HasSubstr("accepted by the policy of OUTPUT and rule 1 of INPUT"));
  EXPECT_THAT(bulkhead({"explain", "tcp 127.0.0.1 > 127.0.0.1:22 out lo", fine_}).out,
              HasSubstr("by lo it comes in again, through INPUT"));
}

// A name as long as "saved" is compared with it.
TEST_F(CommandLine, ExplainReadsAFileWithAShortName) {
  write("a1.v4", "*filter\n:INPUT DROP\nCOMMIT\n");
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  const Ran ssh = bulkhead({"explain", "tcp 192.0.2.9 > 192.0.2.1:22 in eth0", "a1.v4"});
  fs::current_path(before);
  EXPECT_THAT(ssh.out, HasSubstr("dropped by the policy of INPUT"));
}

TEST_F(CommandLine, ExplainSaysWhatTheKernelNeverCallsNew) {
  const Ran answer =
      bulkhead({"explain", "tcp 192.0.2.9 > 192.0.2.1:22 new flags syn,ack in eth0", fine_});
  EXPECT_THAT(answer.out, HasSubstr("the kernel has it as invalid"));
  const Ran first = bulkhead({"explain", "tcp 192.0.2.9 > 192.0.2.1:22 new in eth0", fine_});
  EXPECT_THAT(first.out, Not(HasSubstr("the kernel has it as")));
}

}  // namespace
}  // namespace bulkhead::app
