// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "fuzz/host.h"
#include "lang/edit.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "lang/words.h"

namespace bulkhead::fuzz {

namespace {

constexpr size_t kMaxCommands = 32;
constexpr char kNewlineInWord = 0x1f;

bool only_tells(const lang::Operation& operation) {
  return std::holds_alternative<lang::Help>(operation) ||
         std::holds_alternative<lang::Version>(operation);
}

void run(std::vector<std::string> words, Host& host) {
  std::vector<char*> argv;
  for (std::string& word : words) {
    std::ranges::replace(word, kNewlineInWord, '\n');
    argv.push_back(word.data());
  }
  const lang::CommandLine line = lang::words_of_argv(argv);
  const Result<lang::Command> command =
      lang::parse_command(line.words, host.rules().family, kNames);
  if (!command) return require_showable(command.error(), line.source);
  if (only_tells(command->operation) || ir::builtin_table(command->table) == nullptr) return;

  ir::Ruleset edited = host.rules();
  const std::string printed = lang::output_of(*command, edited, kNames);
  require(printed.find('\0') == std::string::npos, "no NUL is printed", printed);
  if (const Result<void> done = lang::apply(*command, edited); !done)
    return require_showable(done.error(), line.source);
  if (const Result<void> done = host.change(std::move(edited)); !done)
    require_showable(done.error(), line.source);
}

}  // namespace

void command_line(std::string_view script) {
  Host v4(net::Family::kIpv4);
  Host v6(net::Family::kIpv6);
  for (size_t i = 0; i < kMaxCommands && !script.empty(); ++i) {
    const std::string_view line = script.substr(0, script.find('\n'));
    script.remove_prefix(std::min(script.size(), line.size() + 1));
    std::vector<lang::Word> split;
    if (!lang::split_words(line, 0, split)) continue;
    std::vector<std::string> words;
    for (lang::Word& word : split) words.push_back(std::move(word.text));
    const bool is_v6 = !words.empty() && words.front() == "ip6tables";
    if (!words.empty()) words.erase(words.begin());
    run(std::move(words), is_v6 ? v6 : v4);
  }
}

}  // namespace bulkhead::fuzz
