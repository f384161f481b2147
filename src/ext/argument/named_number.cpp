// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/named_number.h"

#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"

namespace bulkhead::ext {

// xtables_parse_val_mask() of libxtables with a table of names: what isn't a number, or is one with
// something behind it that isn't a mask, is a name.
Result<std::string> parse_named_number(net::Names::Iproute kind, std::string_view word,
                                       const Context& context) {
  const std::optional<Number> number = leading_number(word, UINT32_MAX);
  if (number && (number->rest.empty() || number->rest.starts_with('/')))
    return parse_mark_mask({&word, 1}, context);
  const std::optional<uint32_t> named = context.names->iproute_number(kind, word);
  if (!named) {
    return usage_error(
        fmt::format("{}: could not map name {} to an integer value for option \"--{}\".",
                    context.row, word, context.option));
  }
  return fmt::format("{:#x}", *named);
}

std::string list_named_number(net::Names::Iproute kind, std::string_view canonical, bool numeric,
                              const Context& context) {
  const bool whole = canonical.find('/') == std::string_view::npos;
  if (numeric || !whole || context.names == nullptr) return std::string(canonical);
  return context.names->iproute_name(kind, masked_number(canonical).value)
      .value_or(std::string(canonical));
}

MaskedNumber masked_number(std::string_view canonical) {
  const std::optional<Number> value = leading_number(canonical, UINT32_MAX);
  MaskedNumber number{.value = static_cast<uint32_t>(value->value)};
  if (!value->rest.empty())
    number.mask = static_cast<uint32_t>(leading_number(value->rest.substr(1), UINT32_MAX)->value);
  return number;
}

}  // namespace bulkhead::ext
