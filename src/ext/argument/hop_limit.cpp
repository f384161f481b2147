// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/hop_limit.h"

#include <fmt/format.h>

namespace bulkhead::ext {

Values values_below(std::string_view canonical, const Context&) {
  const uint64_t limit = canonical_number(canonical);
  if (limit == 0) return {};
  return {.values = ir::ValueSet::range(0, limit - 1)};
}

Values values_above(std::string_view canonical, const Context&) {
  const uint64_t limit = canonical_number(canonical);
  if (limit == 255) return {};
  return {.values = ir::ValueSet::range(limit + 1, 255)};
}

std::string list_hop_limit(std::string_view prefix, const ir::Argument& argument) {
  const std::string_view compared = argument.option.ends_with("-lt")   ? "<"
                                    : argument.option.ends_with("-gt") ? ">"
                                    : argument.negated                 ? "!="
                                                                       : "==";
  return fmt::format("{} {} {}", prefix, compared, argument.text);
}

}  // namespace bulkhead::ext
