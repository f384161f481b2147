// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// Lists of words that are bits: "NEW,ESTABLISHED", "CONFIRMED,ASSURED".
struct BitName {
  std::string_view name;
  uint32_t bits;
};

// Each part is as much of a name's beginning as one likes, in any case. Where one is no name,
// `wrong` becomes the text from there on. Of several names with that beginning the first is meant.
std::optional<uint32_t> parse_bits(std::span<const BitName> names, std::string_view list,
                                   std::string_view& wrong);
// In the names' order.
std::string print_bits(std::span<const BitName> names, uint32_t bits);
// "NEW, RELATED or ESTABLISHED".
std::string say_words(std::string_view list, const Context&);

}  // namespace bulkhead::ext
