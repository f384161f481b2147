// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/mark_bits.h"

#include <optional>

#include <fmt/format.h>

#include "ext/argument/mark_mask.h"
#include "ext/argument/number.h"

namespace bulkhead::ext {
namespace {

std::string canonical_text(MarkBits bits) {
  return fmt::format("{:#x}/{:#x}", bits.value, bits.mask);
}

// One number of 32 bits, made into the bits that it stands for.
Result<std::string> parse_bits_of(std::string_view word, const Context& context,
                                  MarkBits (*meant)(uint32_t)) {
  const Result<std::string> number = parse_number(word, 0, UINT32_MAX, context);
  if (!number) return number.error();
  return canonical_text(meant(static_cast<uint32_t>(canonical_number(*number))));
}

}  // namespace

// Where there is no mask, all bits count.
MarkBits read_mark_bits(std::string_view canonical) {
  const std::optional<Number> value = leading_number(canonical, UINT32_MAX);
  MarkBits bits{static_cast<uint32_t>(value->value), UINT32_MAX};
  if (!value->rest.empty())
    bits.mask = static_cast<uint32_t>(leading_number(value->rest.substr(1), UINT32_MAX)->value);
  return bits;
}

Result<std::string> parse_mark_xset(std::span<const std::string_view> words,
                                    const Context& context) {
  const Result<std::string> text = parse_mark_mask(words, context);
  if (!text) return text.error();
  return canonical_text(read_mark_bits(*text));
}

Result<std::string> parse_mark_set(std::span<const std::string_view> words,
                                   const Context& context) {
  const Result<std::string> text = parse_mark_mask(words, context);
  if (!text) return text.error();
  const MarkBits bits = read_mark_bits(*text);
  return canonical_text({bits.value, bits.value | bits.mask});
}

Result<std::string> parse_mark_and(std::span<const std::string_view> words,
                                   const Context& context) {
  return parse_bits_of(words[0], context, [](uint32_t bits) { return MarkBits{0, ~bits}; });
}

Result<std::string> parse_mark_or(std::span<const std::string_view> words, const Context& context) {
  return parse_bits_of(words[0], context, [](uint32_t bits) { return MarkBits{bits, bits}; });
}

Result<std::string> parse_mark_xor(std::span<const std::string_view> words,
                                   const Context& context) {
  return parse_bits_of(words[0], context, [](uint32_t bits) { return MarkBits{bits, 0}; });
}

std::string list_mark_bits(std::string_view canonical, bool, const Context&) {
  const auto [value, mask] = read_mark_bits(canonical);
  if (value == 0) return fmt::format("and 0x{:x}", ~mask);
  if (value == mask) return fmt::format("or 0x{:x}", value);
  if (mask == 0) return fmt::format("xor 0x{:x}", value);
  if (mask == UINT32_MAX) return fmt::format("set 0x{:x}", value);
  return fmt::format("xset 0x{:x}/0x{:x}", value, mask);
}

std::string say_mark_bits(std::string_view canonical, const Context&) {
  const auto [value, mask] = read_mark_bits(canonical);
  if (mask == UINT32_MAX) return fmt::format("set to 0x{:x}", value);
  if (mask == 0) return fmt::format("flipped in the bits 0x{:x}", value);
  if (value == 0) return fmt::format("cleared in the bits 0x{:x}", mask);
  if ((value & ~mask) == 0) return fmt::format("set to 0x{:x} in the bits 0x{:x}", value, mask);
  return fmt::format("cleared in the bits 0x{:x}, then flipped in the bits 0x{:x}", mask, value);
}

}  // namespace bulkhead::ext
