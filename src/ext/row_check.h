// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// Compile-time checks of a row: static_assert(well_formed(kRow)). Where one fails, the compiler
// shows the `throw` with the reason; nothing is thrown at run time.

// Is the pointer certainly null? With -fsanitize=undefined gcc takes no address for certainly not
// null in a constant expression (PR 71962), so a plain comparison would not compile there.
template <class Pointer> consteval bool is_null(Pointer pointer) {
  return __builtin_constant_p(pointer == nullptr) && pointer == nullptr;
}

consteval bool mentions(std::string_view text, std::string_view dashes, std::string_view name) {
  for (size_t at = text.find(dashes); at != text.npos; at = text.find(dashes, at + 1)) {
    const std::string_view word = text.substr(at + dashes.size());
    if (!word.starts_with(name)) continue;
    if (word.size() == name.size() || word[name.size()] == ' ') return true;
  }
  return false;
}

template <class Row>
consteval bool is_shown(const Row& row, std::string_view dashes, std::string_view name) {
  for (const Example& example : row.examples) {
    if (mentions(example.canonical, dashes, name)) return true;
  }
  return false;
}

template <class Row> consteval bool has_option(const Row& row, std::string_view name) {
  for (const Option& option : row.options) {
    if (option.name == name) return true;
  }
  return false;
}

template <class Row> consteval void check_option(const Row& row, const Option& option) {
  if (option.name.empty() || option.name.starts_with('-'))
    throw "an option has a name, without dashes";
  if (is_null(option.type) || is_null(option.type->parse)) throw "an option has a type that parses";
  const bool takes_none = option.type->count == 0 && !option.type->optional_word;
  if (takes_none != option.type->words.empty()) throw "words of the help, or no argument";
  if (option.help.empty()) throw "an option has a line of help";
  if (!option.stands_for.empty()) {
    if (!has_option(row, option.stands_for)) throw "an option stands for another of its row";
    return;
  }
  if (option.folded) return;
  if (option.sentence.empty()) throw "an option has a sentence";
  if (option.list.empty() && is_null(row.list)) throw "an option says how -L shows it";
  if (!is_null(option.field) && is_null(option.type->values)) throw "a field needs values";
  if (!option.after.empty() && (!has_option(row, option.after) || option.after_error.empty()))
    throw "an option comes after another of its row, and says so";
  if (!option.also.empty() && !has_option(row, option.also)) throw "an option needs one of its row";
  for (const std::string_view excluded : option.excludes) {
    if (!has_option(row, excluded)) throw "an option excludes others of its row";
  }
  if (!option.opposite.empty() && !has_option(row, option.opposite))
    throw "an option's opposite is another of its row";
  if (!option.hooks_lifted_by.empty() && !has_option(row, option.hooks_lifted_by))
    throw "an option of its row lifts its hooks";
  const bool of_a_group = option.type->count == 0 && option.group != 0;
  if ((option.always_printed || option.fallback_kept) && option.fallback.empty() && !of_a_group)
    throw "what is printed though it holds anyway has a fallback";
  if (!is_shown(row, "--", option.name)) throw "every option is in an example";
  if (option.negation == Negation::kAllowed && option.opposite.empty() &&
      !is_shown(row, "! --", option.name)) {
    throw "every option that can be negated is negated in an example";
  }
}

template <class Row> consteval bool check_row(const Row& row) {
  if (row.name.empty() || row.summary.empty()) throw "a row has a name and a summary";
  for (const Option& option : row.options) check_option(row, option);
  if (row.examples.size() < 2) throw "a row has at least two examples";
  for (const Example& example : row.examples) {
    if (example.rule.empty() || example.canonical.empty())
      throw "an example has a rule and what -S prints";
    if (example.refused) continue;
    if (example.hit.empty() || example.miss.empty())
      throw "an example has a packet that hits and one that misses";
  }
  return true;
}

consteval bool well_formed(const Match& match) {
  for (const Option& option : match.options) {
    const bool folds = option.folded || option.negation == Negation::kFolded;
    if (folds && is_null(match.settle)) throw "what is folded needs the row's `settle`";
    if (option.repeats && is_null(match.settle)) throw "what repeats needs the row's `settle`";
    const bool lowered = !is_null(option.field) || !option.stands_for.empty() ||
                         !is_null(match.lower) || !is_null(match.adjust_header);
    if (!lowered) throw "an option without a field needs the row's `lower` or `adjust_header`";
  }
  return check_row(match);
}

consteval bool well_formed(const Target& target) {
  if (is_null(target.lower)) throw "a target says what it does";
  if (target.sentence.empty()) throw "a target says what it does in words";
  for (const Option& option : target.options) {
    if (option.negation != Negation::kRefused) throw "a target's option can't be negated";
    if (option.folded && is_null(target.settle)) throw "what is folded needs the row's `settle`";
  }
  return check_row(target);
}

}  // namespace bulkhead::ext
