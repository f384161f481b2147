// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/dccp_types.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/split.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

// By their numbers (RFC 4340, 5.1), but the last one has all that are left.
constexpr std::string_view kDccpTypeNames[] = {"REQUEST", "RESPONSE", "DATA",   "ACK",
                                               "DATAACK", "CLOSEREQ", "CLOSE",  "RESET",
                                               "SYNC",    "SYNCACK",  "INVALID"};
constexpr size_t kInvalid = std::size(kDccpTypeNames) - 1;
constexpr unsigned kLastType = 15;  // of 4 bits

ir::Interval numbers_of(size_t type) {
  return {type, type == kInvalid ? U128{kLastType} : U128{type}};
}

std::optional<size_t> find_dccp_type(std::string_view word) {
  const auto* const found = std::ranges::find_if(
      kDccpTypeNames, [&](std::string_view name) { return same_word(name, word); });
  if (found == std::end(kDccpTypeNames)) return std::nullopt;
  return static_cast<size_t>(found - kDccpTypeNames);
}

}  // namespace

// An empty list is refused: iptables-legacy takes it and prints what it can't read again.
Result<std::string> parse_dccp_types(std::span<const std::string_view> words, const Context&) {
  bool given[std::size(kDccpTypeNames)] = {};
  bool any = false;
  for (const std::string_view part : split(words[0], ',')) {
    if (part.empty()) continue;
    const std::optional<size_t> type = find_dccp_type(part);
    if (!type) return usage_error(fmt::format("Unknown DCCP type `{}'", part));
    any = given[*type] = true;
  }
  if (!any) return usage_error("Unknown DCCP type `'");
  std::string text;
  for (size_t type = 0; type < std::size(kDccpTypeNames); ++type) {
    if (!given[type]) continue;
    if (!text.empty()) text += ',';
    text += kDccpTypeNames[type];
  }
  return text;
}

Values dccp_type_values(std::string_view canonical, const Context&) {
  std::vector<ir::Interval> intervals;
  for (const std::string_view part : split(canonical, ','))
    intervals.push_back(numbers_of(find_dccp_type(part).value()));
  return {.values = ir::ValueSet(std::move(intervals))};
}

std::string list_dccp_types(std::string_view canonical, bool numeric, const Context&) {
  if (!numeric) return std::string(canonical);
  return join_mapped(canonical, ',', [](std::string_view part) {
    const auto [first, last] = numbers_of(find_dccp_type(part).value());
    std::string text = fmt::format("{}", static_cast<unsigned>(first));
    for (U128 type = first + 1; type <= last; ++type)
      text += fmt::format(",{}", static_cast<unsigned>(type));
    return text;
  });
}

}  // namespace bulkhead::ext
