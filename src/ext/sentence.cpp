// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/sentence.h"

#include "ext/template.h"

namespace bulkhead::ext {
namespace {

std::string say(const Option& option, const ir::Argument& argument, const Context& context) {
  const ArgumentType& type = *option.type;
  if (type.say != nullptr) return type.say(argument.text, context);
  if (type.list != nullptr) return type.list(argument.text, /*numeric=*/false, context);
  return argument.text;
}

void append_options(std::string& text, std::string_view separator, std::span<const Option> options,
                    std::span<const ir::Argument> arguments, const Context& context) {
  for (const ir::Argument& argument : arguments) {
    const Option* option = option_named(options, argument.option);
    if (option == nullptr) continue;
    if (!text.empty()) text += separator;
    text += fill_in(option->sentence, argument.negated, say(*option, argument, context));
  }
}

}  // namespace

std::string sentence(const Match& match, std::span<const ir::Argument> arguments,
                     const Context& context) {
  std::string text;
  append_options(text, ", ", match.options, arguments, context);
  return text;
}

std::string sentence(const Target& target, std::span<const ir::Argument> arguments,
                     const Context& context) {
  std::string text(target.sentence);
  append_options(text, " ", target.options, arguments, context);
  return text;
}

}  // namespace bulkhead::ext
