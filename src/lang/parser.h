// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The inside of parse.h. parse.cpp has the commands and the end, parse_options.cpp each option by
// itself.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "lang/command_table.h"
#include "lang/options.h"
#include "lang/parse.h"
#include "lang/rule_words.h"

namespace bulkhead::lang {

// Reads the words in their order, as iptables does: the first word that is wrong is the one that is
// named. What only shows at the end (a missing command, an option that doesn't go with it) is
// checked by finish().
class Parser {
 public:
  Parser(std::span<const Word> words, net::Family family, const net::Names& names,
         const ParseOptions& options)
      : words_(words),
        family_(family),
        options_(options),
        scanner_(words),
        rule_(family, names, options.unread) {
    if (!options.counters) return;
    letters_ += 'c';
    command_.counters = options.counters;
  }

  Result<Command> parse();

 private:
  using Hit = OptionScanner::Hit;

  Result<void> take(const Hit& hit);
  Result<void> take_base(const Hit& hit);
  Result<void> take_command(const Hit& hit);
  Result<void> take_rule_option(const Hit& hit);
  Result<void> take_wait(const Hit& hit);
  Result<void> take_wait_interval(const Hit& hit);
  Result<void> take_counters(const Hit& hit);
  Result<void> take_family(net::Family wanted, const Hit& hit);
  Result<void> take_word(const Hit& hit);
  Result<void> unknown(const Hit& hit);

  // Notes that the option was given; refuses it a second time, and behind '!' unless `may_negate`.
  Result<void> count(char letter, bool may_negate, Span span);
  Result<void> begin(CommandBit command, uint32_t beside, const Hit& hit);
  // The rule number that may follow; `otherwise` (0: what is known already) if none does.
  Result<void> take_number(uint32_t otherwise = 0);
  void take_optional_chain(const Hit& hit);

  Result<Command> finish();
  Result<void> check_end() const;
  Result<void> check_chain() const;
  Result<Operation> operation();
  List list() const;
  std::optional<std::string> named_chain() const {
    return chain_ ? std::optional(chain_->text) : std::nullopt;
  }

  Span span_of(const Hit& hit) const {
    return hit.has_argument ? hit.argument_span : words_.empty() ? Span{} : words_[hit.word].span;
  }
  bool given(char letter) const { return letters_.find(letter) != std::string::npos; }

  std::span<const Word> words_;
  net::Family family_;
  const ParseOptions& options_;
  OptionScanner scanner_;
  RuleWords rule_;

  Command command_;
  uint32_t commands_ = 0;  // CommandBit
  std::string letters_;    // of the counted options that were given
  std::optional<Word> chain_;
  std::optional<Word> new_name_;
  std::optional<Word> policy_;
  uint32_t number_ = 0;
  bool had_wait_interval_ = false;
  bool negated_ = false;       // a '!' stands before the option
  bool after_unread_ = false;  // an unknown option or its words, in a lenient reading
  Span negation_;
  std::optional<Operation> done_;  // -h, -V, or a line for the other family: the rest isn't read
};

}  // namespace bulkhead::lang
