// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// A name that -S prints as it is, never in quotes. What could not be read back from there is
// refused: nothing at all, and white space, control characters, quotes and backslashes. What is
// longer than `last` bytes is cut off, as iptables does in silence.
Result<std::string> parse_plain_word(std::string_view word, size_t last, const Context&);

template <size_t kLast>
inline constexpr ArgumentType kPlainWord{
    .words = "name",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_plain_word(words[0], kLast, context); },
};

}  // namespace bulkhead::ext
