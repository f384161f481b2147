// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/reader.h"

#include <fmt/format.h>

#include "ext/error.h"

namespace bulkhead::ext {
namespace {

// libxtables names an option by its first entry, which is the long spelling.
std::string_view message_name(const Option& option) {
  return option.aliases.empty() ? option.name : option.aliases.front();
}

const Option* option_named(std::span<const Option> options, std::string_view name) {
  for (const Option& option : options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

}  // namespace

OptionReader::OptionReader(const Match& match)
    : row_(match.name), options_(match.options), bare_error_(match.bare_error) {}

OptionReader::OptionReader(const Target& target) : row_(target.name), options_(target.options) {}

const OptionReader::Given* OptionReader::find(const Option& option) const {
  for (const Given& given : given_) {
    if (given.option == &option) return &given;
  }
  return nullptr;
}

Result<void> OptionReader::add(const Option& option, bool negated,
                               std::span<const std::string_view> words, Span span,
                               Context context) {
  const Option* meant =
      option.stands_for.empty() ? &option : option_named(options_, option.stands_for);
  const auto fail = [&](Error error) {
    error.span = span;
    return error;
  };
  if (find(*meant) != nullptr) {
    return fail(usage_error(
        meant->twice.empty()
            ? fmt::format("{}: option \"--{}\" can only be used once.", row_, message_name(*meant))
            : std::string(meant->twice)));
  }
  if (negated && meant->negation == Negation::kRefused) {
    return fail(usage_error(
        fmt::format("{}: option \"--{}\" cannot be inverted.", row_, message_name(*meant))));
  }
  if (option.type->count > 0 && words.empty()) {
    return fail(usage_error(fmt::format("option \"--{}\" requires an argument", option.name)));
  }

  context.row = row_;
  context.option = message_name(*meant);
  Result<std::string> text = option.stands_for.empty()
                                 ? option.type->parse(words, context)
                                 : Result<std::string>(std::string(option.stands_for_text));
  if (!text) return fail(text.error());
  given_.push_back({meant, {std::string(meant->name), negated, *std::move(text), span}});
  return {};
}

Result<std::vector<ir::Argument>> OptionReader::finish() const {
  if (given_.empty() && !bare_error_.empty()) return usage_error(std::string(bare_error_));

  std::vector<ir::Argument> arguments;
  for (const Option& option : options_) {
    const Given* given = find(option);
    if (given == nullptr) {
      if (option.required) {
        return usage_error(
            fmt::format("{}: option \"--{}\" must be specified", row_, message_name(option)));
      }
      if (option.always_printed) {
        arguments.push_back({std::string(option.name), false, std::string(option.fallback), {}});
      }
      continue;
    }
    for (const Option& other : options_) {
      if (&other == &option || option.group == 0 || other.group != option.group) continue;
      if (const Given* both = find(other)) {
        Error error =
            usage_error(fmt::format("{}: option \"--{}\" cannot be used together with \"--{}\".",
                                    row_, message_name(option), message_name(other)));
        error.span = both->argument.span;
        return error;
      }
    }
    const bool implied = !given->argument.negated && !option.fallback.empty() &&
                         given->argument.text == option.fallback && !option.always_printed;
    if (!implied) arguments.push_back(given->argument);
  }
  return arguments;
}

}  // namespace bulkhead::ext
