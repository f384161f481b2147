// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "ext/argument/hop_limit.h"
#include "ext/row.h"

// What TTL and HL share.

namespace bulkhead::ext {

// The one argument: "ttl-set", "ttl-dec" or "ttl-inc", "hl-set", ...
inline Result<ir::Action> hop_limit_change(std::span<const ir::Argument> arguments,
                                           const Context&) {
  const ir::Argument& argument = arguments.front();
  const auto number = static_cast<int>(canonical_number(argument.text));
  if (argument.option.ends_with("-set"))
    return ir::Action{
        ir::Assign{.field = &ir::kHopLimit, .keep = 0, .flip = static_cast<unsigned>(number)}};
  const int by = argument.option.ends_with("-dec") ? -number : number;
  return ir::Action{ir::Adjust{.field = &ir::kHopLimit, .by = by}};
}

constexpr uint8_t kOneHopLimitChange = 1;

constexpr Option hop_limit_set_option(std::string_view name) {
  return {
      .name = name,
      .type = &kNumber<0, 255>,
      .negation = Negation::kRefused,
      .group = kOneHopLimitChange,
      .list = "set to {}",
      .help = "the value",
      .sentence = "set to {}",
  };
}
constexpr Option hop_limit_decrease_option(std::string_view name) {
  return {
      .name = name,
      .type = &kNumber<1, 255>,
      .negation = Negation::kRefused,
      .group = kOneHopLimitChange,
      .list = "decrement by {}",
      .help = "takes so many away, down to 0",
      .sentence = "decreased by {}",
  };
}
constexpr Option hop_limit_increase_option(std::string_view name) {
  return {
      .name = name,
      .type = &kNumber<1, 255>,
      .negation = Negation::kRefused,
      .group = kOneHopLimitChange,
      .list = "increment by {}",
      .help = "adds so many, up to 255",
      .sentence = "increased by {}",
  };
}

}  // namespace bulkhead::ext
