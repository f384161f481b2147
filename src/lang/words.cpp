// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/words.h"

#include <utility>

namespace bulkhead::lang {

namespace {

Error bad_line(std::string message, uint32_t begin, uint32_t end) {
  return {.kind = ErrorKind::kUsage, .message = std::move(message), .span = {begin, end}};
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

}  // namespace

CommandLine words_of_argv(std::span<char* const> arguments) {
  std::string text;
  std::vector<Word> words;
  words.reserve(arguments.size());
  for (const char* argument : arguments) {
    if (!words.empty()) text += ' ';
    const auto begin = static_cast<uint32_t>(text.size());
    text += *argument == '\0' ? "\"\"" : argument;
    words.push_back({argument, {begin, static_cast<uint32_t>(text.size())}});
  }
  return {Source("command line", std::move(text)), std::move(words)};
}

Result<void> split_words(std::string_view line, uint32_t offset, std::vector<Word>& words) {
  words.clear();
  Word word;
  bool started = false;
  bool always_quoted = false;
  const auto at = [&](size_t i) { return offset + static_cast<uint32_t>(i); };
  const auto finish = [&](size_t end) {
    word.span.end = at(end);
    words.push_back(std::exchange(word, {}));
    started = false;
  };
  for (size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (c == '\0') return bad_line("a NUL byte in the line", at(i), at(i + 1));
    if (!always_quoted && is_blank(c)) {
      if (started) finish(i);
      continue;
    }
    if (!started) {
      started = true;
      word.span.begin = at(i);
    }
    if (c == '"') {
      always_quoted = !always_quoted;
      if (!always_quoted) finish(i + 1);
      continue;
    }
    if (always_quoted && c == '\\') {
      if (++i == line.size()) break;
      c = line[i];
    }
    word.text += c;
  }
  if (always_quoted) {
    return bad_line("the quote is not closed in its line", word.span.begin, at(line.size()));
  }
  if (started) finish(line.size());
  return {};
}

}  // namespace bulkhead::lang
