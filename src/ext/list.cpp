// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/list.h"

#include "ext/template.h"

namespace bulkhead::ext {
namespace {

template <class Row>
std::string text_of(const Row& row, std::span<const ir::Argument> arguments, bool numeric,
                    const Context& context) {
  if (row.list != nullptr) return row.list(arguments, numeric, context);

  std::string text(row.list_name);
  for (const Option& option : row.options) {
    for (const ir::Argument& argument : arguments) {
      if (argument.option != option.name || option.list.empty()) continue;
      if (option.fallback_kept && !argument.negated && argument.text == option.fallback) continue;
      const bool many = argument.text.find_first_of(":,") != std::string::npos;
      const std::string shown = option.type->list == nullptr
                                    ? argument.text
                                    : option.type->list(argument.text, numeric, context);
      if (!text.empty()) text += ' ';
      text += fill_in(many && !option.list_many.empty() ? option.list_many : option.list,
                      argument.negated, shown);
    }
  }
  return text;
}

}  // namespace

std::string list_text(const Match& match, std::span<const ir::Argument> arguments, bool numeric,
                      const Context& context) {
  return text_of(match, arguments, numeric, context);
}

std::string list_text(const Target& target, std::span<const ir::Argument> arguments, bool numeric,
                      const Context& context) {
  return text_of(target, arguments, numeric, context);
}

}  // namespace bulkhead::ext
