// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/rule_words.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "ext/argument/word.h"
#include "ir/verify.h"
#include "lang/error.h"

namespace bulkhead::lang {

namespace {

constexpr size_t kTargetOwner = static_cast<size_t>(-1);

// Keeps the first error that only the kernel knows of; false: it is of the other kind.
bool take_refusal(Error error, std::optional<Error>& refusal) {
  if (error.kind != ErrorKind::kRefused) return false;
  if (!refusal) refusal = std::move(error);
  return true;
}

}  // namespace

ext::Context RuleWords::context() const {
  return {.family = family_,
          .protocol = head_.protocol_number,
          .protocol_negated = head_.protocol && head_.protocol->negated,
          .names = &names_};
}

void RuleWords::load(const ext::Match& row, Span span, OptionScanner& scanner) {
  const bool known =
      std::ranges::any_of(matches_, [&](const LoadedMatch& m) { return m.row == &row; });
  if (!known) scanner.add(row.options, matches_.size());
  matches_.push_back({.row = &row, .reader = ext::OptionReader(row), .span = span});
}

Result<void> RuleWords::add_match(std::string_view name, Span span, OptionScanner& scanner) {
  if (name.size() > ir::kMaxChainName) {
    return usage(fmt::format("Invalid match name \"{}\" ({} chars max)", name, ir::kMaxChainName),
                 span);
  }
  const ext::Match* row = ext::find_match(name, family_);
  if (row == nullptr) {
    const Error error =
        usage(fmt::format("Couldn't load match `{}':No such file or directory", name), span);
    if (!put_up_with(error, span)) return error;
    matches_.push_back({.reader = {}, .span = span, .unread = true, .words = std::string(name)});
    return {};
  }
  load(*row, span, scanner);
  return {};
}

bool RuleWords::put_up_with(const Error& error, Span span, bool target) const {
  if (unread_ == nullptr) return false;
  const Error whole = placed(error, span);
  unread_->push_back({whole.span, whole.message, target});
  return true;
}

void RuleWords::add_unknown_option(const Word& word, bool negated) {
  const std::string text = (negated ? "! " : "") + word.text;
  if (!matches_.empty() && matches_.back().row == nullptr) {
    matches_.back().words += " " + text;
    return;
  }
  put_up_with(usage(fmt::format("unknown option \"{}\"", word.text)), word.span);
  matches_.push_back({.reader = {}, .span = word.span, .unread = true, .words = text});
}

void RuleWords::add_to_unknown_option(std::string_view word) {
  matches_.back().words += fmt::format(" {}", word);
}

bool RuleWords::add_implied_match(OptionScanner& scanner) {
  if (had_implied_match_ || !head_.protocol || head_.protocol_number == 0) return false;
  // The name as it was typed counts, in lower case: `-p mh` brings in mh, `-p mobility-header`
  // nothing.
  std::string typed = head_.protocol->text;
  std::ranges::transform(typed, typed.begin(), ext::lower_case);
  const ext::Match* row = ext::find_match(typed, family_);
  if (row == nullptr) row = ext::find_match(protocol_text(head_.protocol_number, names_), family_);
  if (row == nullptr) return false;
  had_implied_match_ = true;
  load(*row, head_.protocol->span, scanner);
  matches_.back().implied = true;
  return true;
}

Result<void> RuleWords::set_target(std::string_view name, bool is_goto, bool declared_chain,
                                   Span span, OptionScanner& scanner) {
  if (name.empty()) return usage("Invalid target name (too short)", span);
  if (name.size() > ir::kMaxChainName) {
    return usage(fmt::format("Invalid target name `{}' ({} chars max)", name, ir::kMaxChainName),
                 span);
  }
  if (name.find_first_of(" \t\n\v\f\r") != std::string_view::npos) {
    return usage(fmt::format("Invalid target name `{}'", name), span);
  }
  target_ = {
      .name = std::string(name), .is_goto = is_goto, .row = nullptr, .reader = {}, .span = span};
  if (is_goto || declared_chain) return {};
  target_.row = ext::find_target(name, family_);
  if (target_.row != nullptr) {
    target_.reader.emplace(*target_.row);
    scanner.add(target_.row->options, kTargetOwner);
  }
  return {};
}

Result<void> RuleWords::add_option(const OptionScanner::Hit& hit, bool negated,
                                   OptionScanner& scanner) {
  std::string_view words[2] = {hit.argument, {}};
  size_t count = hit.has_argument ? 1 : 0;
  Span span = hit.has_argument ? hit.argument_span : scanner.words()[hit.word].span;
  if (hit.option->type->count == 2 || hit.option->type->optional_word) {
    if (const Word* second = scanner.take_argument()) {
      words[count++] = second->text;
      span.end = second->span.end;
    }
  }
  if (hit.owner == kTargetOwner) {
    auto added = target_.reader->add(*hit.option, negated, {words, count}, span, context());
    return added ? Result<void>() : placed(added.error(), span);
  }
  // Of several of one match the last takes it, as in `-m tcp --dport 22 -m tcp --sport 1024:`.
  const ext::Match* row = matches_[hit.owner].row;
  LoadedMatch* match = nullptr;
  for (LoadedMatch& each : matches_) {
    if (each.row == row) match = &each;
  }
  if (unread_ != nullptr) {
    match->words += fmt::format(" {}--{}", negated ? "! " : "", hit.option->name);
    for (size_t i = 0; i < count; ++i) match->words += fmt::format(" {}", words[i]);
  }
  auto added = match->reader->add(*hit.option, negated, {words, count}, span, context());
  if (added) return {};
  if (!put_up_with(added.error(), span)) return placed(added.error(), span);
  match->unread = true;
  return {};
}

Result<void> RuleWords::finish_rows() {
  for (LoadedMatch& match : matches_) {
    if (match.unread || left_out(match)) continue;
    Result<std::vector<ir::Argument>> arguments = match.reader->finish(context());
    if (arguments) {
      match.arguments = *std::move(arguments);
    } else if (put_up_with(arguments.error(), match.span)) {
      match.unread = true;
    } else {
      return placed(arguments.error(), match.span);
    }
  }
  if (target_.reader) {
    Result<std::vector<ir::Argument>> arguments = target_.reader->finish(context());
    if (!arguments) return placed(arguments.error(), target_.span);
    target_.arguments = *std::move(arguments);
  }
  return {};
}

std::vector<std::string> RuleWords::warnings() const {
  std::vector<std::string> warnings;
  for (const LoadedMatch& match : matches_) {
    if (match.reader) std::ranges::move(match.reader->warnings(), std::back_inserter(warnings));
  }
  if (target_.reader) std::ranges::move(target_.reader->warnings(), std::back_inserter(warnings));
  return warnings;
}

Result<ir::Match> RuleWords::match(const LoadedMatch& loaded, std::optional<Error>& refusal) const {
  // The words of an unread match are its name, so that it is shown as it was written and nothing
  // tries to understand it. Its header is known: a packet without one may be dropped there.
  const auto unread = [&] {
    ir::Match match{.name = loaded.words, .arguments = {}, .predicate = {}};
    if (loaded.row != nullptr) match.name.insert(0, loaded.row->name);
    if (loaded.row != nullptr && loaded.row->header)
      match.predicate.emplace_back(*loaded.row->header);
    match.predicate.emplace_back(ir::Opaque{.name = "unread", .bytes = {}});
    return match;
  };
  if (loaded.unread) return unread();
  Result<ir::Predicate> predicate = ext::predicate_of(*loaded.row, loaded.arguments, context());
  if (predicate)
    return ir::Match{std::string(loaded.row->name), loaded.arguments, *std::move(predicate)};
  const Error& why = predicate.error();
  const bool foreign = why.kind == ErrorKind::kUsage || why.errno_value == EOPNOTSUPP;
  if (foreign && put_up_with(why, loaded.span)) return unread();
  const Error error = placed(why, loaded.span);
  if (!take_refusal(error, refusal)) return error;
  return ir::Match{std::string(loaded.row->name), loaded.arguments, {}};
}

Result<ir::Target> RuleWords::target(std::optional<Error>& refusal) const {
  ir::Target target{.name = target_.name,
                    .arguments = target_.arguments,
                    .action = ir::Continue{},
                    .span = target_.span};
  if (target_.name.empty()) return target;
  if (target_.row == nullptr) {
    target.action = ir::Jump{target_.name, target_.is_goto};
    return target;
  }
  Result<ir::Action> action = ext::action_of(*target_.row, target.arguments, context());
  if (action) {
    target.action = *std::move(action);
  } else if (action.error().errno_value == EOPNOTSUPP && target_.row->goes_on_elsewhere &&
             put_up_with(action.error(), target_.span, true)) {
    target.action = ir::OpaqueTarget{
        .name = target_.name, .bytes = {}, .writes = target_.row->changes_elsewhere};
  } else if (!take_refusal(placed(action.error(), target_.span), refusal)) {
    return placed(action.error(), target_.span);
  }
  return target;
}

Result<RuleWords::Rules> RuleWords::rules() const {
  Result<std::vector<ir::Match>> heads = heads_of(head_, family_, names_);
  if (!heads) return heads.error();
  Rules result;
  ir::Rule rule;
  for (const LoadedMatch& loaded : matches_) {
    if (left_out(loaded)) continue;
    Result<ir::Match> match = this->match(loaded, result.refusal);
    if (!match) return match.error();
    rule.matches.push_back(*std::move(match));
  }
  Result<ir::Target> target = this->target(result.refusal);
  if (!target) return target.error();
  rule.target = *std::move(target);

  result.rules.assign(heads->size(), rule);
  for (size_t i = 0; i < heads->size(); ++i) result.rules[i].head = std::move((*heads)[i]);
  return result;
}

std::vector<const ext::Match*> RuleWords::match_rows() const {
  std::vector<const ext::Match*> rows;
  for (const LoadedMatch& match : matches_) {
    if (match.row != nullptr) rows.push_back(match.row);
  }
  return rows;
}

}  // namespace bulkhead::lang
