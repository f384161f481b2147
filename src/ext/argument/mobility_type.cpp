// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/mobility_type.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/split.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

// By their numbers (RFC 6275, 6.1), each with its short name.
struct Name {
  std::string_view name;
  std::string_view short_name;
};
constexpr Name kNames[] = {
    {"binding-refresh-request", "brr"},
    {"home-test-init", "hoti"},
    {"careof-test-init", "coti"},
    {"home-test", "hot"},
    {"careof-test", "cot"},
    {"binding-update", "bu"},
    {"binding-acknowledgement", "ba"},
    {"binding-error", "be"},
};

std::optional<uint8_t> find_name(std::string_view word) {
  std::optional<uint8_t> found;
  for (uint8_t type = 0; type < std::size(kNames); ++type) {
    for (const std::string_view name : {kNames[type].name, kNames[type].short_name}) {
      if (begins_with(name, word) && (!found || name.size() == word.size())) found = type;
    }
  }
  return found;
}

std::optional<uint8_t> find_mobility_type(std::string_view word) {
  if (const auto named = find_name(word)) return named;
  const std::optional<uint64_t> number = whole_number(word, 0, UINT8_MAX);
  if (!number) return std::nullopt;
  return static_cast<uint8_t>(*number);
}

}  // namespace

// An empty word is refused: to iptables every name begins like that, so it takes the first.
Result<std::string> parse_mobility_types(std::span<const std::string_view> words, const Context&) {
  const std::string_view word = words[0];
  const auto invalid = [](std::string_view what) {
    return usage_error(fmt::format("Invalid MH type `{}'", what));
  };
  const size_t colon = word.find(':');
  if (colon == std::string_view::npos) {
    const auto type = word.empty() ? std::nullopt : find_mobility_type(word);
    if (!type) return invalid(word);
    return fmt::format("{}", *type);
  }
  const std::string_view low = word.substr(0, colon), high = word.substr(colon + 1);
  const auto first = low.empty() ? std::optional<uint8_t>(0) : find_mobility_type(low);
  if (!first) return invalid(low);
  const auto last = high.empty() ? std::optional<uint8_t>(UINT8_MAX) : find_mobility_type(high);
  if (!last) return invalid(high);
  if (*first > *last) return usage_error("Invalid MH type range (min > max)");
  if (*first == *last) return fmt::format("{}", *first);
  return fmt::format("{}:{}", *first, *last);
}

std::string list_mobility_types(std::string_view canonical, bool numeric, const Context&) {
  return join_mapped(canonical, ':', [&](std::string_view part) {
    const uint64_t type = canonical_number(part);
    return std::string(numeric || type >= std::size(kNames) ? part : kNames[type].name);
  });
}

std::string mobility_type_choices() {
  std::string text = "Types of mobility messages:\n";
  for (const Name& each : kNames) text += fmt::format("{} ({})\n", each.name, each.short_name);
  return text;
}

}  // namespace bulkhead::ext
