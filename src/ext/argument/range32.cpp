// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/range32.h"

#include <fmt/format.h>

#include "ext/argument/given.h"
#include "ext/error.h"

namespace bulkhead::ext {

Result<std::string> parse_range32(std::span<const std::string_view> words, const Context& context) {
  if (words[0].empty()) {
    return usage_error(
        fmt::format("{}: bad value for option \"--{}\" near \"\", or out of range (0-{}).",
                    context.row, context.option, UINT32_MAX));
  }
  return parse_number_range(words[0], UINT32_MAX, context);
}

void fill_range32(std::span<const ir::Argument> arguments, std::string_view option,
                  uint32_t (&range)[2]) {
  const ir::Argument* argument = given(arguments, option);
  const NumberRange numbers = read_number_range(argument == nullptr ? kAnyRange32 : argument->text);
  range[0] = static_cast<uint32_t>(numbers.first);
  range[1] = static_cast<uint32_t>(numbers.last);
}

std::string list_range32(std::string_view name, const ir::Argument& argument) {
  const bool many = argument.text.find(':') != std::string::npos;
  return fmt::format("{}{}:{}{}", name, many ? "s" : "", argument.negated ? "!" : "",
                     argument.text);
}

}  // namespace bulkhead::ext
