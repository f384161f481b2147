// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/argument/number.h"
#include "ext/row.h"

// What `ttl` and `hl` share: IPv6 calls it hop limit what IPv4 calls time to live.

namespace bulkhead::ext {

Values values_below(std::string_view canonical, const Context&);
Values values_above(std::string_view canonical, const Context&);

inline constexpr ArgumentType kHopLimitIs = kNumber<0, 255>;
inline constexpr ArgumentType kHopLimitBelow{
    .words = kHopLimitIs.words,
    .parse = kHopLimitIs.parse,
    .values = values_below,
};
inline constexpr ArgumentType kHopLimitAbove{
    .words = kHopLimitIs.words,
    .parse = kHopLimitIs.parse,
    .values = values_above,
};

// "TTL match TTL == 64", where `prefix` is "TTL match TTL".
std::string list_hop_limit(std::string_view prefix, const ir::Argument& argument);

}  // namespace bulkhead::ext
