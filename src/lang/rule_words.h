// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The part of a command that describes a rule, as it comes in: head options, matches with their
// options, a target.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "ext/reader.h"
#include "ext/row.h"
#include "ir/ruleset.h"
#include "lang/head.h"
#include "lang/options.h"
#include "lang/unread.h"

namespace bulkhead::lang {

class RuleWords {
 public:
  // `unread`: as in RestoreOptions.
  RuleWords(net::Family family, const net::Names& names, std::vector<Unread>* unread = nullptr)
      : family_(family), names_(names), unread_(unread) {}

  const net::Names& names() const { return names_; }
  HeadWords& head() { return head_; }
  const HeadWords& head() const { return head_; }
  const std::string& target_name() const { return target_.name; }

  // -m. The scanner learns its options.
  Result<void> add_match(std::string_view name, Span span, OptionScanner& scanner);
  // The match that -p stands for, when an option isn't known: once. Nothing if there is none or it
  // was had.
  bool add_implied_match(OptionScanner& scanner);
  // -j, if not `declared_chain` a row's if there is one of that name; -g: always a chain.
  Result<void> set_target(std::string_view name, bool is_goto, bool declared_chain, Span span,
                          OptionScanner& scanner);
  // An option that a match or the target has brought.
  Result<void> add_option(const OptionScanner::Hit& hit, bool negated, OptionScanner& scanner);

  // In a lenient reading only: an option that nothing knows, and words behind it.
  void add_unknown_option(const Word& word, bool negated);
  void add_to_unknown_option(std::string_view word);

  // Whether what the rows were given is whole: after the last word, before rules().
  Result<void> finish_rows();
  // What the rows say on stderr to words that they took.
  std::vector<std::string> warnings() const;
  // The rules. Needs finish_rows() to have passed.
  struct Rules {
    std::vector<ir::Rule> rules;
    std::optional<Error> refusal;  // as in Command
  };
  Result<Rules> rules() const;

  // The rows named so far, for -h.
  std::vector<const ext::Match*> match_rows() const;
  const ext::Target* target_row() const { return target_.row; }

 private:
  struct LoadedMatch {
    const ext::Match* row = nullptr;  // null: unread
    std::optional<ext::OptionReader> reader;
    Span span;
    std::vector<ir::Argument> arguments{};  // from finish_rows() on
    bool unread = false;
    bool implied = false;  // by -p
    std::string words{};   // of its options, as typed; of an unread one without a row: all
  };
  struct LoadedTarget {
    std::string name;
    bool is_goto = false;
    const ext::Target* row = nullptr;
    std::optional<ext::OptionReader> reader;
    Span span;
    std::vector<ir::Argument> arguments{};  // from finish_rows() on
  };

  void load(const ext::Match& row, Span span, OptionScanner& scanner);
  // -p's match that was brought in for an option, which it didn't know either.
  bool left_out(const LoadedMatch& match) const {
    return unread_ != nullptr && match.implied && match.words.empty();
  }
  // In a lenient reading: notes the error and says true.
  bool put_up_with(const Error& error, Span span, bool target = false) const;
  Result<ir::Match> match(const LoadedMatch& loaded, std::optional<Error>& refusal) const;
  ext::Context context() const;
  Result<ir::Target> target(std::optional<Error>& refusal) const;

  net::Family family_;
  const net::Names& names_;
  std::vector<Unread>* unread_ = nullptr;
  HeadWords head_;
  std::vector<LoadedMatch> matches_;
  LoadedTarget target_;
  bool had_implied_match_ = false;
};

}  // namespace bulkhead::lang
