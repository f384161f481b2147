// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/number_range.h"

#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"

namespace bulkhead::ext {

Result<TypedRange> parse_typed_range(std::string_view word, uint64_t last, const Context& context) {
  uint64_t range[2] = {0, last};
  size_t parts = 0;
  for (std::string_view rest = word;; rest.remove_prefix(1)) {
    if (parts == 2) {
      return usage_error(fmt::format("{}: Too many components for option \"--{}\" (max: 2)",
                                     context.row, context.option));
    }
    if (!rest.empty() && rest.front() != ':') {
      const std::optional<Number> number = leading_number(rest, last);
      if (!number) {
        return usage_error(
            fmt::format("{}: bad value for option \"--{}\" near \"{}\", or out of range (0-{}).",
                        context.row, context.option, rest, last));
      }
      range[parts] = number->value;
      rest = number->rest;
    }
    ++parts;
    if (rest.empty()) break;
    if (rest.front() != ':') {
      return usage_error(
          fmt::format("{}: Argument to \"--{}\" has unexpected characters near \"{}\".",
                      context.row, context.option, rest));
    }
  }
  if (parts == 1) return TypedRange{.first = range[0]};
  return TypedRange{.first = range[0], .last = range[1]};
}

Result<std::string> parse_number_range(std::string_view word, uint64_t last,
                                       const Context& context) {
  const Result<TypedRange> range = parse_typed_range(word, last, context);
  if (!range) return range.error();
  if (!range->last || *range->last == range->first) return fmt::format("{}", range->first);
  return fmt::format("{}:{}", range->first, *range->last);
}

NumberRange read_number_range(std::string_view canonical) {
  const size_t colon = canonical.find(':');
  const uint64_t first = canonical_number(canonical.substr(0, colon));
  if (colon == std::string_view::npos) return {first, first};
  return {first, canonical_number(canonical.substr(colon + 1))};
}

Values number_range_values(std::string_view canonical, const Context&) {
  const NumberRange range = read_number_range(canonical);
  if (range.first > range.last) return {};
  return {.values = ir::ValueSet::range(range.first, range.last)};
}

std::string say_number_range(std::string_view canonical, const Context&) {
  const NumberRange range = read_number_range(canonical);
  if (range.first == range.last) return std::string(canonical);
  return fmt::format("{} to {}", range.first, range.last);
}

}  // namespace bulkhead::ext
