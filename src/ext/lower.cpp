// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "ext/error.h"
#include "ext/row.h"

namespace bulkhead::ext {
namespace {

// The bits of the field that count are a mask of their own width, so the complement of the values
// is taken in the field's whole width: a value that the mask can't give is harmless in the set.
ir::Constraint constraint_of(const Option& option, const ir::Argument& argument,
                             const Context& context) {
  const unsigned width = option.field->location(context.family).width;
  Values values = option.type->values(argument.text, context);
  return {
      .field = option.field,
      .mask = values.mask & low_bits(width),
      .values = argument.negated ? values.values.complement(width) : std::move(values.values),
  };
}

// The kernel checks -p when it loads a match; it takes no negated one.
Result<void> check_protocol(const Match& match, const Context& context) {
  if (match.protocols.empty()) return {};
  const bool found = std::ranges::find(match.protocols, context.protocol) != match.protocols.end();
  if (found && !context.protocol_negated) return {};
  std::string wanted;
  for (const uint8_t protocol : match.protocols) {
    wanted += fmt::format("{}`-p {}'", wanted.empty() ? "" : " or ",
                          net::protocol_text(protocol, *context.names));
  }
  return kernel_refusal(EINVAL, fmt::format("match {} needs {}", match.name, wanted));
}

}  // namespace

ir::Predicate constraints_of(std::span<const Option> options,
                             std::span<const ir::Argument> arguments, const Context& context) {
  ir::Predicate predicate;
  for (const ir::Argument& argument : arguments) {
    const Option* option = option_named(options, argument.option);
    if (option == nullptr || option->field == nullptr) continue;
    predicate.emplace_back(constraint_of(*option, argument, context));
  }
  return predicate;
}

Result<ir::Predicate> predicate_of(const Match& match, std::span<const ir::Argument> arguments,
                                   const Context& context) {
  if (Result<void> checked = check_protocol(match, context); !checked) return checked.error();

  ir::Predicate predicate;
  if (match.header) {
    ir::Header header = *match.header;
    if (match.adjust_header != nullptr) match.adjust_header(arguments, header);
    predicate.push_back(header);
  }
  Result<ir::Predicate> rest = match.lower != nullptr
                                   ? match.lower(arguments, context)
                                   : constraints_of(match.options, arguments, context);
  if (!rest) return rest.error();
  predicate.insert(predicate.end(), rest->begin(), rest->end());
  return predicate;
}

Result<ir::Action> action_of(const Target& target, std::span<const ir::Argument> arguments,
                             const Context& context) {
  return target.lower(arguments, context);
}

}  // namespace bulkhead::ext
