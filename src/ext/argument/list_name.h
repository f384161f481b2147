// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "ext/argument/text.h"
#include "ext/row.h"

namespace bulkhead::ext {

// The name of a list that the kernel keeps between packets, and shows under /proc/net. What is
// longer than `last` bytes is cut off, as iptables does in silence; what -S could not show so that
// it is read back is refused.
Result<std::string> parse_list_name(std::string_view word, size_t first, size_t last,
                                    const Context&);
// xt_check_proc_name() of net/netfilter/x_tables.c: the name of a file.
Result<void> check_list_name(std::string_view name);

template <size_t kFirst, size_t kLast>
inline constexpr ArgumentType kListName{
    .words = "name",
    .parse =
        [](std::span<const std::string_view> words, const Context& context) {
          return parse_list_name(words[0], kFirst, kLast, context);
        },
    .say = say_text,
};

}  // namespace bulkhead::ext
