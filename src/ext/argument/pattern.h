// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// Bytes to look for: as text, or in hex between bars within text ("GET |0d 0a|"). The canonical
// text is in quotes; of a hex pattern it is all hex.
Result<std::string> parse_pattern(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_hex_pattern(std::span<const std::string_view> words, const Context&);

inline constexpr ArgumentType kPattern{.words = "text", .parse = parse_pattern};
inline constexpr ArgumentType kHexPattern{.words = "text|hex|", .parse = parse_hex_pattern};

std::string pattern_bytes(std::string_view canonical);
std::string hex_pattern_bytes(std::string_view canonical);
// The canonical text for these bytes, and whether it is one of a hex pattern: where a byte can't be
// printed, or the last is a backslash.
std::string pattern_text(std::string_view bytes);
bool is_hex_pattern(std::string_view bytes);

}  // namespace bulkhead::ext
