// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Just enough of the iptables language to read the rules of a row's examples and to print them
// again, so that the rows are tested without the parser above them. Head options: -p and its
// negation.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ext/fixed_names.h"
#include "ext/list.h"
#include "ext/reader.h"
#include "ext/row.h"
#include "ext/sentence.h"

namespace bulkhead::ext {

// Words at spaces; double quotes, and a backslash before a quote or another backslash, as
// iptables-restore has them.
inline std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' && !quoted) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == '"') {
      quoted = !quoted;
    } else {
      words.back() += c == '\\' && quoted ? text[++i] : c;
    }
  }
  return words;
}

// xtables_save_string's rule.
inline std::string in_quotes(std::string_view text) {
  constexpr std::string_view kPlain =
      "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos)
    return std::string(text);
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\'') result += '\\';
    result += c;
  }
  return result + '"';
}

class RuleText {
 public:
  RuleText(net::Family family, std::string_view text) : words_(words_of(text)) {
    context_.family = family;
    context_.names = &names_;
    parse();
  }
  RuleText(const RuleText&) = delete;
  RuleText& operator=(const RuleText&) = delete;

  const std::optional<Error>& error() const { return error_; }
  std::string message() const { return error_ ? error_->message : ""; }
  const Context& context() const { return context_; }
  const std::vector<std::pair<const Match*, std::vector<ir::Argument>>>& matches() const {
    return matches_;
  }
  const Target* target() const { return target_; }
  const std::vector<ir::Argument>& target_arguments() const { return target_arguments_; }

  // What -p asks.
  ir::Predicate protocol_predicate() const {
    if (context_.protocol == 0) return {};
    const ir::ValueSet protocol = ir::ValueSet::of(context_.protocol);
    return {
        ir::Constraint{.field = &ir::kProtocol,
                       .mask = 0xff,
                       .values = context_.protocol_negated ? protocol.complement(8) : protocol}};
  }

  // All the conditions of its matches.
  Result<ir::Predicate> predicate() const {
    ir::Predicate all;
    for (const auto& [match, arguments] : matches_) {
      Result<ir::Predicate> part = predicate_of(*match, arguments, context_);
      if (!part) return part.error();
      all.insert(all.end(), part->begin(), part->end());
    }
    return all;
  }

  // As -S prints it.
  std::string print() const {
    std::string text;
    if (context_.protocol != 0) {
      if (context_.protocol_negated) text += "! ";
      text += "-p " + *names_.protocol_name(context_.protocol);
    }
    for (const auto& [match, arguments] : matches_) {
      text += (text.empty() ? "-m " : " -m ") + std::string(match->name);
      append(text, match->options, arguments);
    }
    if (target_ != nullptr) {
      text += (text.empty() ? "-j " : " -j ") + std::string(target_->name);
      append(text, target_->options, target_arguments_);
    }
    return text;
  }

  // As -L prints it behind the addresses.
  std::string list(bool numeric) const {
    std::string text;
    const auto add = [&](const std::string& part, bool glued = false) {
      if (!text.empty() && !part.empty() && !glued) text += ' ';
      text += part;
    };
    for (const auto& [match, arguments] : matches_)
      add(list_text(*match, arguments, numeric, context_), match->list_glued);
    if (target_ != nullptr) add(list_text(*target_, target_arguments_, numeric, context_));
    return text;
  }

  std::string say() const {
    std::string text;
    for (const auto& [match, arguments] : matches_) text += sentence(*match, arguments, context_);
    if (target_ != nullptr) text += sentence(*target_, target_arguments_, context_);
    return text;
  }

 private:
  static void append(std::string& text, std::span<const Option> options,
                     const std::vector<ir::Argument>& arguments) {
    for (const ir::Argument& argument : arguments) {
      text += (argument.negated ? " ! --" : " --") + argument.option;
      const Option* option = find_option(options, argument.option);
      if (option->type->count == 0 && argument.text.empty()) continue;
      text += ' ';
      text += option->type->always_quoted ? '"' + argument.text + '"'
              : option->type->free_text   ? in_quotes(argument.text)
                                          : argument.text;
    }
  }

  void parse() {
    for (size_t i = 0; i < words_.size() && !error_;) {
      const bool negated = words_[i] == "!";
      if (negated) ++i;
      const std::string& word = words_[i++];
      if (word == "-p") {
        context_.protocol = *names_.protocol(words_[i++]);
        context_.protocol_negated = negated;
      } else if (word == "-m") {
        load(*find_match(words_[i++], context_.family));
      } else if (word == "-j") {
        target_ = find_target(words_[i++], context_.family);
        target_reader_.emplace(*target_);
      } else {
        i = read_option(word, negated, i);
      }
    }
    for (size_t m = 0; m < readers_.size() && !error_; ++m) finish(readers_[m], matches_[m].second);
    if (target_reader_ && !error_) finish(*target_reader_, target_arguments_);
  }

  void load(const Match& match) {
    matches_.push_back({&match, {}});
    readers_.emplace_back(match);
  }

  size_t read_option(std::string_view word, bool negated, size_t next) {
    if (!word.starts_with("--")) {
      error_ = Error{.message = "not an option: " + std::string(word)};
      return next;
    }
    const std::string_view spelling = word.substr(2);
    const Option* option = nullptr;
    OptionReader* reader = nullptr;
    const auto look = [&] {
      if (target_ != nullptr && (option = find_option(target_->options, spelling)) != nullptr) {
        reader = &*target_reader_;
      }
      // Where several have it, the last one takes it.
      for (size_t m = matches_.size(); m-- > 0 && option == nullptr;) {
        option = find_option(matches_[m].first->options, spelling);
        reader = &readers_[m];
      }
    };
    look();
    if (option == nullptr) {
      const std::optional<std::string> protocol = names_.protocol_name(context_.protocol);
      if (const Match* implied = protocol ? find_match(*protocol, context_.family) : nullptr)
        load(*implied);
      look();
    }
    if (option == nullptr) {
      error_ = Error{.message = "unknown option: " + std::string(word)};
      return next;
    }
    std::vector<std::string_view> arguments;
    const bool optional = option->type->optional_word;
    const size_t most = optional ? 1 : option->type->count;
    while (arguments.size() < most && next < words_.size()) {
      const std::string& argument = words_[next];
      if ((optional || !arguments.empty()) &&
          (argument.starts_with('-') || argument.starts_with('!')))
        break;
      arguments.push_back(words_[next++]);
    }
    if (Result<void> added = reader->add(*option, negated, arguments, {}, context_); !added) {
      error_ = added.error();
    }
    return next;
  }

  void finish(const OptionReader& reader, std::vector<ir::Argument>& arguments) {
    Result<std::vector<ir::Argument>> finished = reader.finish(context_);
    if (finished) {
      arguments = *std::move(finished);
    } else {
      error_ = finished.error();
    }
  }

  std::vector<std::string> words_;
  FixedNames names_;
  Context context_;
  std::vector<std::pair<const Match*, std::vector<ir::Argument>>> matches_;
  std::vector<OptionReader> readers_;
  const Target* target_ = nullptr;
  std::optional<OptionReader> target_reader_;
  std::vector<ir::Argument> target_arguments_;
  std::optional<Error> error_;
};

// The family that an example's rule is for: by the row, or else by its packet's addresses.
inline net::Family family_of(Families families, std::string_view packet) {
  if (families == Families::kIpv4) return net::Family::kIpv4;
  if (families == Families::kIpv6) return net::Family::kIpv6;
  return packet.find("2001:db8:") == std::string_view::npos ? net::Family::kIpv4
                                                            : net::Family::kIpv6;
}

}  // namespace bulkhead::ext
