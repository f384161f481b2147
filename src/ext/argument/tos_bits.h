// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ext/row.h"

// How TOS writes the type of service, tos = (tos & ~mask) ^ value, and its ways to say so.

namespace bulkhead::ext {

struct TosBits {
  uint8_t value = 0;
  uint8_t mask = 0;
};

// Of the canonical text, "0x10/0x3f".
TosBits read_tos_bits(std::string_view canonical);
// RFC 1349's, if it has one.
std::optional<std::string_view> tos_name(TosBits bits);

// "5/7", "5" (which is 5/0xff) or a name of RFC 1349, for the six bits of 0x3f.
Result<std::string> parse_tos_set(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_tos_and(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_tos_or(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_tos_xor(std::span<const std::string_view> words, const Context&);
std::string list_tos_bits(std::string_view canonical, bool numeric, const Context&);
std::string say_tos_bits(std::string_view canonical, const Context&);
std::string tos_choices();

inline constexpr ArgumentType kTosSet{
    .words = "value[/mask]|name",
    .parse = parse_tos_set,
    .list = list_tos_bits,
    .say = say_tos_bits,
    .choices = tos_choices,
};
inline constexpr ArgumentType kTosAnd{.words = "bits", .parse = parse_tos_and};
inline constexpr ArgumentType kTosOr{.words = "bits", .parse = parse_tos_or};
inline constexpr ArgumentType kTosXor{.words = "bits", .parse = parse_tos_xor};

}  // namespace bulkhead::ext
