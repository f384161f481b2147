// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// getopt_long(3) as iptables uses it (a '-' and a ':' in front of its option string: words come in
// order, errors are the caller's), over words with places, and with options that come and go while
// it runs: a match brings its own. Which word an error names, what an abbreviation means and which
// word is taken for an argument follow from it, so it is modelled on glibc's rather than merely
// alike.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "ext/row.h"
#include "lang/words.h"

namespace bulkhead::lang {

enum class Arity : uint8_t { kNone, kRequired, kOptional };

// The short names of the long options that have none (`--line-numbers`) are those that iptables'
// own messages use.
inline constexpr char kLineNumbers = '0';
inline constexpr char kModprobe = 'M';

class OptionScanner {
 public:
  enum class Kind : uint8_t { kEnd, kBase, kExtension, kWord, kUnknown, kMissingArgument };
  struct Hit {
    Kind kind = Kind::kEnd;
    char letter = 0;                      // kBase
    const ext::Option* option = nullptr;  // kExtension
    size_t owner = 0;                     // kExtension: what add() was given
    bool has_argument = false;
    std::string_view argument;  // also the word of kWord
    Span argument_span;
    size_t word =
        0;  // the word that an error names, as iptables does: the one before the next to be read
  };

  explicit OptionScanner(std::span<const Word> words) : words_(words) {}

  Hit next();
  // Reads the last option again: options have been added that may know it.
  void again() { std::tie(index_, short_) = last_; }

  // Options of a match or target; the newest are found first, iptables' own before all.
  void add(std::span<const ext::Option> options, size_t owner);

  // The next word, if it can be an argument: not one that starts with '-' or '!'.
  const Word* take_argument();
  bool at_end() const { return index_ >= words_.size(); }
  std::span<const Word> words() const { return words_; }

 private:
  struct Added {
    std::span<const ext::Option> options;
    size_t owner = 0;
  };

  Hit next_long(std::string_view text);
  Hit next_short();
  Hit with_argument(Hit hit, Arity arity, std::optional<std::string_view> attached);
  Hit end(Hit hit) const;

  std::span<const Word> words_;
  std::vector<Added> added_;
  size_t index_ = 0;                          // of the next word
  std::string_view short_;                    // what is left of a word of short options
  std::pair<size_t, std::string_view> last_;  // both, before the last option was read
};

}  // namespace bulkhead::lang
