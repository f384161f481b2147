// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ext/row.h"

// How MARK and CONNMARK write a mark, mark = (mark & ~mask) ^ value, and their ways to say so.

namespace bulkhead::ext {

struct MarkBits {
  uint32_t value = 0;
  uint32_t mask = 0;
};

// Of the canonical text, "0x1/0xff".
MarkBits read_mark_bits(std::string_view canonical);

// "5/7" or "5", which is 5/0xffffffff: --set-xmark.
Result<std::string> parse_mark_xset(std::span<const std::string_view> words, const Context&);
// The same with the value's bits counting in any case: --set-mark.
Result<std::string> parse_mark_set(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_mark_and(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_mark_or(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_mark_xor(std::span<const std::string_view> words, const Context&);
// "and 0xff", as -L has it.
std::string list_mark_bits(std::string_view canonical, bool numeric, const Context&);
// "set to 0x5"
std::string say_mark_bits(std::string_view canonical, const Context&);

inline constexpr ArgumentType kMarkXset{
    .words = "value[/mask]",
    .parse = parse_mark_xset,
    .list = list_mark_bits,
    .say = say_mark_bits,
};
inline constexpr ArgumentType kMarkSet{.words = "value[/mask]", .parse = parse_mark_set};
inline constexpr ArgumentType kMarkAnd{.words = "bits", .parse = parse_mark_and};
inline constexpr ArgumentType kMarkOr{.words = "bits", .parse = parse_mark_or};
inline constexpr ArgumentType kMarkXor{.words = "bits", .parse = parse_mark_xor};

// --set-xmark and the four that stand for it; `group` has all that don't go together.
constexpr Option mark_xset_option(uint8_t group, std::string_view sentence) {
  return {
      .name = "set-xmark",
      .type = &kMarkXset,
      .negation = Negation::kRefused,
      .group = group,
      .list = "{}",
      .help = "clears the bits of the mask, then flips those of the value",
      .sentence = sentence,
  };
}
constexpr Option mark_option(std::string_view name, const ArgumentType& type, uint8_t group,
                             std::string_view help) {
  return {.name = name,
          .type = &type,
          .negation = Negation::kRefused,
          .group = group,
          .stands_for = "set-xmark",
          .help = help};
}
constexpr Option mark_set_option(uint8_t group) {
  return mark_option("set-mark", kMarkSet, group,
                     "clears the bits of the mask, then sets the value");
}
constexpr Option mark_and_option(uint8_t group) {
  return mark_option("and-mark", kMarkAnd, group, "keeps these bits only");
}
constexpr Option mark_or_option(uint8_t group) {
  return mark_option("or-mark", kMarkOr, group, "sets these bits");
}
constexpr Option mark_xor_option(uint8_t group) {
  return mark_option("xor-mark", kMarkXor, group, "flips these bits");
}

}  // namespace bulkhead::ext
