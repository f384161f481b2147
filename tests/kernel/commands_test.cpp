// SPDX-License-Identifier: GPL-2.0-or-later
// The same command scripts typed into ours and into Debian's iptables-legacy, each in a fresh
// namespace: what every command prints and how it exits is what the script says, and in the end
// both list and save the same rules.
#include <filesystem>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/command_script.h"
#include "support/namespace.h"
#include "support/temporary_folder.h"

namespace bulkhead::testing {
namespace {

constexpr std::string_view kPrograms[] = {"iptables",         "ip6tables",
                                          "iptables-save",    "ip6tables-save",
                                          "iptables-restore", "ip6tables-restore"};

// A folder that has iptables-legacy under iptables' own names, for as long as the tests run; none
// where it isn't installed.
const std::optional<std::string>& legacy_folder() {
  static const testing::TemporaryFolder kMade("legacy");
  static const std::optional<std::string> kFolder = []() -> std::optional<std::string> {
    const std::filesystem::path program = "/usr/sbin/xtables-legacy-multi";
    if (!std::filesystem::exists(program)) return std::nullopt;
    for (const std::string_view name : kPrograms)
      std::filesystem::create_symlink(program, kMade.path() / name);
    return kMade.path().string();
  }();
  return kFolder;
}

// A host to type into: whose iptables it has stands first in its PATH.
class Host {
 public:
  explicit Host(std::string_view folder)
      : path_(fmt::format("{}:/usr/sbin:/usr/bin:/sbin:/bin", folder)) {}

  Said type(const std::string& command, const std::string& input = {}) const {
    const ExecResult result = namespace_.exec(
        {"sh", "-c", command},
        {.input = input, .environment = {{"PATH", path_}, {"LC_ALL", "C"}}, .in_child = {}});
    if (result.signal != 0 || result.timed_out)
      throw SupportError(command + ": " + result.describe());
    return said(result.out, result.err, result.exit_code);
  }

 private:
  NetNamespace namespace_;
  std::string path_;
};

// What both must show in the end, of every family and table that the script speaks of.
std::vector<std::string> final_questions(const Script& script) {
  std::set<std::string> tables{"filter"};
  bool v6 = false;
  for (const ScriptStep& step : script.steps) {
    for (const std::string_view table : {"nat", "mangle", "raw", "security"}) {
      if (step.command.find(fmt::format("-t {}", table)) != std::string::npos ||
          step.input.find(fmt::format("*{}\n", table)) != std::string::npos) {
        tables.emplace(table);
      }
    }
    v6 = v6 || step.command.find("ip6tables") != std::string::npos;
  }
  std::vector<std::string> questions;
  for (const std::string_view program : {"iptables", "ip6tables"}) {
    if (program == "ip6tables" && !v6) continue;
    for (const std::string& table : tables) {
      questions.push_back(fmt::format("{} -t {} -S -v", program, table));
      questions.push_back(fmt::format("{} -t {} -L -n -v -x --line-numbers", program, table));
      questions.push_back(fmt::format("{}-save -c -t {}", program, table));
    }
  }
  return questions;
}

// What a host of its own says to every step, and then to the questions.
std::vector<Said> answers(std::string_view folder, const Script& script,
                          const std::vector<std::string>& questions) {
  const Host host(folder);
  std::vector<Said> said;
  for (const ScriptStep& step : script.steps) said.push_back(host.type(step.command, step.input));
  for (const std::string& question : questions) said.push_back(host.type(question));
  return said;
}

class Commands : public ::testing::TestWithParam<Script> {
 protected:
  void SetUp() override {
    static const std::optional<std::string> kObstacle = kernel_tests_obstacle();
    if (kObstacle) GTEST_SKIP() << *kObstacle;
  }
};

TEST_P(Commands, AreIptables) {
  const Script& script = GetParam();
  const std::vector<std::string> questions = final_questions(script);
  const std::optional<std::string>& legacy = legacy_folder();
  // Two hosts that know nothing of each other: side by side takes half the time.
  std::future<std::vector<Said>> legacy_answers;
  if (legacy) {
    legacy_answers =
        std::async(std::launch::async, [&] { return answers(*legacy, script, questions); });
  }
  const std::vector<Said> ours = answers(BULKHEAD_BIN_DIR, script, questions);
  const std::vector<Said> theirs = legacy ? legacy_answers.get() : std::vector<Said>();

  for (size_t i = 0; i < script.steps.size(); ++i) {
    const ScriptStep& step = script.steps[i];
    const std::string where =
        fmt::format("{}:{}: {}", script.file.filename().string(), step.line, step.command);
    EXPECT_EQ(to_string(ours[i]), to_string(step.expected)) << where;
    if (!legacy || step.differs) continue;
    EXPECT_EQ(to_string(theirs[i]), to_string(step.expected))
        << where << "\nthat is what iptables-legacy says";
  }
  if (!legacy) return;
  for (size_t i = 0; i < questions.size(); ++i) {
    const size_t at = script.steps.size() + i;
    EXPECT_EQ(to_string(ours[at]), to_string(theirs[at])) << questions[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Commands,
                         ::testing::ValuesIn(read_all_scripts(BULKHEAD_SOURCE_DIR
                                                              "/tests/cases/commands")),
                         [](const auto& script) { return test_name(script.param); });

}  // namespace
}  // namespace bulkhead::testing
