// SPDX-License-Identifier: GPL-2.0-or-later
// The command scripts without a kernel: the personalities on a fake back end.
// (tests/kernel/commands_test.cpp runs all of them, on ours and on iptables-legacy.)
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/personality/command.h"
#include "app/personality/file_programs.h"
#include "lang/words.h"
#include "net/names.h"
#include "support/command_script.h"
#include "support/fake_backend.h"

namespace bulkhead::app {
namespace {

using testing::Said;

// Passes everything on to one that lives longer.
class Borrowed final : public backend::Backend {
 public:
  explicit Borrowed(backend::Backend& to) : to_(to) {}
  Result<backend::Snapshot> read(bool counters) override { return to_.read(counters); }
  Result<std::string> commit(const backend::Snapshot& base,
                             std::span<const backend::Desired> desired) override {
    return to_.commit(base, desired);
  }
  Result<void> rehearse(const backend::Snapshot& base,
                        std::span<const backend::Desired> desired) override {
    return to_.rehearse(base, desired);
  }
  Result<std::vector<backend::ForeignChain>> foreign() override { return to_.foreign(); }
  unsigned max_depth() const override { return to_.max_depth(); }

 private:
  backend::Backend& to_;
};

class FakeHost {
 public:
  testing::FakeBackend backend;

  Outcome run(std::vector<std::string> words, const std::string& input = {}) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const auto argc = static_cast<int>(words.size());
    const std::string& name = words[0];
    const auto family = name.starts_with("ip6") ? net::Family::kIpv6 : net::Family::kIpv4;
    const Personality self{name, family, names_,
                           [this]() -> Result<std::unique_ptr<backend::Backend>> {
                             return {std::make_unique<Borrowed>(backend)};
                           }};
    if (name.ends_with("-restore")) {
      return run_restore(
          self, argc, argv.data(), [&](const std::string& path) -> Result<std::string> {
            if (path == "-") return input;
            if (path == "/dev/null") return std::string();
            if (path == "/run") return Error{.message = "Can't read /run: Is a directory"};
            return Error{.message = fmt::format("Can't open {}: No such file or directory", path)};
          });
    }
    if (name.ends_with("-save")) {
      return run_save(
          self, argc, argv.data(), "Mon Nov 23 00:07:09 2026",
          [](const std::string& path, std::string_view) -> Result<void> {
            return Error{.message = fmt::format(
                             "Failed to open file, error: {}",
                             path == "/run" ? "Is a directory" : "No such file or directory")};
          });
    }
    return run_command(self, std::span(argv).subspan(1, words.size() - 1));
  }

 private:
  net::SystemNames names_;
};

// The command's words where no shell is needed to find them: a restore file's rules, and single
// quotes.
std::optional<std::vector<std::string>> plain_words(const std::string& command) {
  const bool is_ours = command.starts_with("iptables") || command.starts_with("ip6tables");
  if (command.find_first_of("|<>&;$`\\") != std::string::npos || !is_ours) return std::nullopt;
  std::string line;
  char quote = 0;
  for (const char c : command) {
    const bool is_quote = c == '"' || c == '\'';
    if (is_quote && quote != 0 && c != quote) return std::nullopt;  // one kind within the other
    if (is_quote) quote = quote == 0 ? c : '\0';
    line += is_quote ? '"' : c;
  }
  std::vector<lang::Word> split;
  if (!lang::split_words(line, 0, split)) return std::nullopt;
  std::vector<std::string> words;
  for (const lang::Word& word : split) words.push_back(word.text);
  return words;
}

// getopt(3) writes its complaints itself: "iptables-save: invalid option -- 'Q'".
bool is_of_libc(std::string_view err) {
  const std::string_view what = err.substr(std::min(err.find(": "), err.size()));
  return what.starts_with(": option ") || what.starts_with(": invalid option ") ||
         what.starts_with(": unrecognized option ");
}

class Personalities : public ::testing::TestWithParam<testing::Script> {};

TEST_P(Personalities, SayWhatTheScriptSays) {
  const testing::Script& script = GetParam();
  FakeHost host;
  for (const testing::ScriptStep& step : script.steps) {
    const Outcome outcome = host.run(*plain_words(step.command), step.input);
    const Said answer = testing::said(outcome.out, outcome.err, outcome.exit_code);
    Said expected = step.expected;
    if (is_of_libc(expected.err)) expected.err = answer.err;
    EXPECT_EQ(testing::to_string(answer), testing::to_string(expected))
        << script.file.filename().string() << ':' << step.line << ": " << step.command << '\n'
        << outcome.err;
  }
}

// Those that need a shell, or a kernel that refuses, run on the kernel only
// (tests/kernel/commands_test.cpp).
std::vector<testing::Script> scripts_without_shell() {
  auto scripts = testing::read_all_scripts(BULKHEAD_SOURCE_DIR "/tests/cases/commands");
  std::erase_if(scripts, [](const testing::Script& script) {
    return script.needs_kernel ||
           !std::ranges::all_of(script.steps, [](const testing::ScriptStep& step) {
             return plain_words(step.command).has_value();
           });
  });
  return scripts;
}

INSTANTIATE_TEST_SUITE_P(Cases, Personalities, ::testing::ValuesIn(scripts_without_shell()),
                         [](const auto& script) { return testing::test_name(script.param); });

}  // namespace
}  // namespace bulkhead::app
