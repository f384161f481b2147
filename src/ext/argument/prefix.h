// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// How many leading bits of an address count: "24", or the mask that says so, "255.255.255.0". A
// mask that is no prefix is refused: libxtables takes it for a whole address without a word, and
// the 33 of a typing error for the mask 0.0.0.33.
Result<unsigned> parse_prefix(std::string_view word, const Context&);

inline constexpr ArgumentType kPrefix{
    .words = "length",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) -> Result<std::string> {
      const Result<unsigned> length = parse_prefix(words[0], context);
      if (!length) return length.error();
      return std::to_string(*length);
    },
};

}  // namespace bulkhead::ext
