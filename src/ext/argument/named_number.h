// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ext/argument/mark_mask.h"
#include "ext/row.h"

namespace bulkhead::ext {

// 32 bits and which of them count, as a mark; or a name of one of iproute2's files for all of them.
// The canonical text has the number: the names of this machine aren't another's.
Result<std::string> parse_named_number(net::Names::Iproute kind, std::string_view word,
                                       const Context&);
std::string list_named_number(net::Names::Iproute kind, std::string_view canonical, bool numeric,
                              const Context&);

template <net::Names::Iproute kKind>
inline constexpr ArgumentType kNamedNumber{
    .words = "value[/mask]|name",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_named_number(kKind, words[0], context); },
    .list =
        [](std::string_view canonical, bool numeric, const Context& context) {
          return list_named_number(kKind, canonical, numeric, context);
        },
    .say = say_mark_mask,
};

// What a canonical text says.
struct MaskedNumber {
  uint32_t value = 0;
  uint32_t mask = UINT32_MAX;
};
MaskedNumber masked_number(std::string_view canonical);

}  // namespace bulkhead::ext
