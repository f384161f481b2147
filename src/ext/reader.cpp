// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "ext/error.h"

namespace bulkhead::ext {
namespace {

// libxtables names an option by its first entry, which is the long spelling.
std::string_view message_name(const Option& option) {
  if (!option.called.empty()) return option.called;
  return option.aliases.empty() ? option.name : option.aliases.front();
}

std::string_view fallback_of(const Option& option, const Context& context) {
  const bool own = context.family == net::Family::kIpv6 && !option.fallback6.empty();
  return own ? option.fallback6 : option.fallback;
}

}  // namespace

OptionReader::OptionReader(const Match& match)
    : row_(match.name),
      options_(match.options),
      bare_error_(match.bare_error),
      settle_(match.settle) {}

OptionReader::OptionReader(const Target& target)
    : row_(target.name),
      options_(target.options),
      bare_error_(target.bare_error),
      settle_(target.settle) {}

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
  // The options of a group are told apart: that only one may be given is found in the end.
  const Option* counted = option.group != 0 ? &option : meant;
  const auto fail = [&](Error error) {
    error.span = span;
    return error;
  };
  if (find(*counted) != nullptr && !counted->repeats) {
    return fail(usage_error(meant->twice.empty()
                                ? fmt::format("{}: option \"--{}\" can only be used once.", row_,
                                              message_name(*counted))
                                : std::string(meant->twice)));
  }
  if (negated && meant->negation == Negation::kRefused) {
    return fail(usage_error(
        meant->inverted.empty()
            ? fmt::format("{}: option \"--{}\" cannot be inverted.", row_, message_name(*counted))
            : std::string(meant->inverted)));
  }
  if (!meant->after.empty() && find(*option_named(options_, meant->after)) == nullptr) {
    return fail(usage_error(std::string(meant->after_error)));
  }
  if (option.type->count > 0 && words.empty()) {
    return fail(usage_error(fmt::format("option \"--{}\" requires an argument", option.name)));
  }

  context.row = row_;
  context.option = message_name(*counted);
  const bool fixed = !option.stands_for.empty() && option.type->count == 0;
  Result<std::string> text = fixed ? Result<std::string>(std::string(option.stands_for_text))
                                   : option.type->parse(words, context);
  if (!text) return fail(text.error());
  const bool turned = negated && !meant->opposite.empty();
  given_.push_back({counted,
                    &option,
                    {.option = std::string(turned ? meant->opposite : meant->name),
                     .negated = negated && !turned,
                     .text = *std::move(text),
                     .span = span}});
  return {};
}

bool OptionReader::any_of_group(const Option& option) const {
  return std::ranges::any_of(given_, [&](const Given& given) {
    return option.group != 0 && given.option->group == option.group;
  });
}

Result<void> OptionReader::check_company(const Option& option) const {
  for (const Option& other : options_) {
    const Given* both = find(other);
    if (other.name == option.also && both == nullptr) {
      return usage_error(fmt::format("{}: option \"--{}\" also requires \"--{}\".", row_,
                                     message_name(option), message_name(other)));
    }
    const bool excluded = (option.group != 0 && other.group == option.group) ||
                          std::ranges::find(option.excludes, other.name) != option.excludes.end();
    if (&other == &option || both == nullptr || !excluded) continue;
    Error error =
        usage_error(option.group != 0 && !option.twice.empty()
                        ? std::string(option.twice)
                        : fmt::format("{}: option \"--{}\" cannot be used together with \"--{}\".",
                                      row_, message_name(option), message_name(other)));
    error.span = both->argument.span;
    return error;
  }
  return {};
}

Result<std::vector<ir::Argument>> OptionReader::finish(const Context& context) const {
  const bool bare =
      std::ranges::all_of(given_, [](const Given& given) { return given.option->modifier; });
  if (bare && !bare_error_.empty()) return usage_error(std::string(bare_error_));

  std::vector<ir::Argument> arguments;
  for (const Option& option : options_) {
    if (option.repeats) continue;
    const Given* given = find(option);
    if (given == nullptr) {
      if (option.required) {
        return usage_error(
            fmt::format("{}: option \"--{}\" must be specified", row_, message_name(option)));
      }
      if (option.always_printed && !any_of_group(option)) {
        arguments.push_back(
            {std::string(option.name), false, std::string(fallback_of(option, context)), {}});
      }
      continue;
    }
    if (Result<void> checked = check_company(option); !checked) return checked.error();
    const std::string_view fallback = fallback_of(option, context);
    const bool implied = !given->argument.negated && !fallback.empty() &&
                         given->argument.text == fallback && !option.always_printed &&
                         !option.fallback_kept;
    if (!implied) arguments.push_back(given->argument);
  }
  for (const Given& given : given_) {
    if (given.option->repeats) arguments.push_back(given.argument);
  }
  if (settle_ != nullptr) {
    if (Result<void> settled = settle_(arguments, context); !settled) return settled.error();
  }
  return arguments;
}

std::vector<std::string> OptionReader::warnings() const {
  std::vector<std::string> warnings;
  for (const Given& given : given_) {
    if (given.typed->warning == nullptr) continue;
    std::string warning = given.typed->warning(given.argument.text);
    if (!warning.empty()) warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace bulkhead::ext
