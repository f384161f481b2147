// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// Any text of one line; what is longer than `last` bytes is cut off, as iptables does in silence.
Result<std::string> parse_text(std::string_view word, size_t first, size_t last, const Context&);
// As xtables_save_string prints it: bare if that is safe, else in double quotes.
std::string quoted(std::string_view text);
std::string say_text(std::string_view canonical, const Context&);

template <size_t kFirst, size_t kLast>
inline constexpr ArgumentType kText{
    .words = "text",
    .free_text = true,
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_text(words[0], kFirst, kLast, context); },
    .say = say_text,
};

}  // namespace bulkhead::ext
