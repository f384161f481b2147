// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::lang {

// A whole word that is a number as C writes it (decimal, 0x..., 0...), as xtables_strtoui() takes
// it.
std::optional<uint64_t> parse_number(std::string_view word, uint64_t lowest, uint64_t highest);

// The number that a word begins with, in decimal, whatever follows: scanf(3)'s "%llu", which
// iptables reads its counters with. A number too large is the largest.
std::optional<uint64_t> leading_number(std::string_view word);

// "%i": with a sign, and as C writes numbers.
std::optional<int64_t> leading_integer(std::string_view word);

}  // namespace bulkhead::lang
