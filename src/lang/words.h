// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/source.h"

namespace bulkhead::lang {

// One word of a command and where it stands in the Source it came from.
struct Word {
  std::string text;  // without its quotes
  Span span;
};

// argv as a text that a caret can point into. An empty word is shown as "".
struct CommandLine {
  Source source;
  std::vector<Word> words;
};

// arguments: argv without the program's name.
CommandLine words_of_argv(std::span<char* const> arguments);

// Splits a line of a restore file, which begins at byte `offset` of its Source, at blanks. Double
// quotes keep blanks together, in them a backslash takes the next character as it is, and a closing
// quote ends the word (so that `"a"b` is two). `words` is overwritten; it is the caller's so that
// its memory is used again. Fails where a quote stays open or a byte is NUL.
Result<void> split_words(std::string_view line, uint32_t offset, std::vector<Word>& words);

}  // namespace bulkhead::lang
