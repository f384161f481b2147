// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/mark_mask.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr uint32_t kEveryBit = UINT32_MAX;

struct Mark {
  uint64_t value = 0;
  uint64_t mask = kEveryBit;
};

Mark read_mark(std::string_view canonical) {
  const std::optional<Number> value = leading_number(canonical, UINT32_MAX);
  if (value->rest.empty()) return {.value = value->value};
  return {.value = value->value, .mask = leading_number(value->rest.substr(1), UINT32_MAX)->value};
}

}  // namespace

// xtables_parse_val_mask of libxtables.
Result<std::string> parse_mark_mask(std::span<const std::string_view> words,
                                    const Context& context) {
  const Error no_number = usage_error(fmt::format(
      "{}: bad integer value for option \"--{}\", or out of range.", context.row, context.option));
  const Error garbage = usage_error(fmt::format(
      "{}: trailing garbage after value for option \"--{}\".", context.row, context.option));

  const std::optional<Number> value = leading_number(words[0], UINT32_MAX);
  if (!value) return no_number;
  if (value->rest.empty()) return fmt::format("{:#x}", value->value);
  if (value->rest.front() != '/') return garbage;
  const std::optional<Number> mask = leading_number(value->rest.substr(1), UINT32_MAX);
  if (!mask) return no_number;
  if (!mask->rest.empty()) return garbage;
  if (mask->value == kEveryBit) return fmt::format("{:#x}", value->value);
  return fmt::format("{:#x}/{:#x}", value->value, mask->value);
}

Values mark_mask_values(std::string_view canonical, const Context&) {
  const Mark mark = read_mark(canonical);
  const bool possible = (mark.value & ~mark.mask) == 0;
  return {.mask = mark.mask, .values = possible ? ir::ValueSet::of(mark.value) : ir::ValueSet()};
}

std::string say_mark_mask(std::string_view canonical, const Context&) {
  const Mark mark = read_mark(canonical);
  if (mark.mask == kEveryBit) return std::string(canonical);
  return fmt::format("{:#x} in the bits {:#x}", mark.value, mark.mask);
}

}  // namespace bulkhead::ext
