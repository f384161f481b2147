// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/owner_id.h"

#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr uint64_t kLast = UINT32_MAX - 1;  // -1 is "no user" to the kernel

std::optional<OwnerRange> parse_range(std::string_view word) {
  const std::optional<Number> first = leading_number(word, kLast);
  if (!first) return std::nullopt;
  const auto from = static_cast<uint32_t>(first->value);
  if (first->rest.empty()) return OwnerRange{from, from};
  if (first->rest.front() != '-' && first->rest.front() != ':') return std::nullopt;
  const std::optional<uint64_t> last = whole_number(first->rest.substr(1), 0, kLast);
  if (!last) return std::nullopt;
  return OwnerRange{from, static_cast<uint32_t>(*last)};
}

// `known` is the number that the word is a name of.
Result<std::string> parse_ids(std::string_view word, std::optional<uint32_t> known,
                              const Context& context) {
  if (known) return fmt::format("{}", *known);
  const std::optional<OwnerRange> range = parse_range(word);
  if (!range) {
    return usage_error(fmt::format("{}: Bad value for \"--{}\" option: \"{}\"", context.row,
                                   context.option, word));
  }
  if (range->first == range->last) return fmt::format("{}", range->first);
  return fmt::format("{}-{}", range->first, range->last);
}

using NameOf = std::optional<std::string> (net::Names::*)(uint32_t) const;

// The name of a single number, unless numbers are wanted.
std::string list_ids(std::string_view canonical, bool numeric, const Context& context,
                     NameOf name_of) {
  const OwnerRange range = owner_range(canonical);
  if (numeric || context.names == nullptr || range.first != range.last)
    return std::string(canonical);
  return (context.names->*name_of)(range.first).value_or(std::string(canonical));
}

}  // namespace

OwnerRange owner_range(std::string_view canonical) { return *parse_range(canonical); }

Result<std::string> parse_users(std::span<const std::string_view> words, const Context& context) {
  return parse_ids(words[0], context.names->user(words[0]), context);
}

Result<std::string> parse_groups(std::span<const std::string_view> words, const Context& context) {
  return parse_ids(words[0], context.names->group(words[0]), context);
}

std::string list_users(std::string_view canonical, bool numeric, const Context& context) {
  return list_ids(canonical, numeric, context, &net::Names::user_name);
}

std::string list_groups(std::string_view canonical, bool numeric, const Context& context) {
  return list_ids(canonical, numeric, context, &net::Names::group_name);
}

}  // namespace bulkhead::ext
