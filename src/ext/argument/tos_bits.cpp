// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/tos_bits.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

struct NamedTos {
  std::string_view name;
  uint8_t value;
};

// RFC 1349, 4.
constexpr NamedTos kTosNames[] = {{"Minimize-Delay", 0x10},
                                  {"Maximize-Throughput", 0x08},
                                  {"Maximize-Reliability", 0x04},
                                  {"Minimize-Cost", 0x02},
                                  {"Normal-Service", 0x00}};
// A name leaves the two upper bits of the precedence alone.
constexpr uint8_t kNamedBits = 0x3f;

std::string canonical_tos(TosBits bits) {
  return fmt::format("0x{:02x}/0x{:02x}", bits.value, bits.mask);
}

Result<std::string> parse_bits_of(std::string_view word, const Context& context,
                                  TosBits (*meant)(uint8_t)) {
  const Result<std::string> number = parse_number(word, 0, UINT8_MAX, context);
  if (!number) return number.error();
  return canonical_tos(meant(static_cast<uint8_t>(canonical_number(*number))));
}

uint8_t inverse(uint8_t bits) { return static_cast<uint8_t>(~bits); }

}  // namespace

TosBits read_tos_bits(std::string_view canonical) {
  const std::optional<Number> value = leading_number(canonical, UINT8_MAX);
  const std::optional<Number> mask = leading_number(value->rest.substr(1), UINT8_MAX);
  return {static_cast<uint8_t>(value->value), static_cast<uint8_t>(mask->value)};
}

std::optional<std::string_view> tos_name(TosBits bits) {
  const auto* found = std::ranges::find(kTosNames, bits.value, &NamedTos::value);
  if (bits.mask != kNamedBits || found == std::end(kTosNames)) return std::nullopt;
  return found->name;
}

// xtopt_parse_tosmask of libxtables.
Result<std::string> parse_tos_set(std::span<const std::string_view> words, const Context&) {
  const std::string_view word = words[0];
  const std::optional<Number> value = leading_number(word, UINT8_MAX);
  if (!value) {
    const auto* found = std::ranges::find_if(
        kTosNames, [&](const NamedTos& name) { return same_word(word, name.name); });
    if (found == std::end(kTosNames))
      return usage_error(fmt::format("Symbolic name \"{}\" is unknown", word));
    return canonical_tos({found->value, kNamedBits});
  }
  TosBits bits{static_cast<uint8_t>(value->value), UINT8_MAX};
  if (value->rest.empty()) return canonical_tos(bits);
  const std::optional<uint64_t> mask =
      value->rest.front() == '/' ? whole_number(value->rest.substr(1), 0, UINT8_MAX) : std::nullopt;
  if (!mask) return usage_error(fmt::format("Illegal value: \"{}\"", word));
  bits.mask = static_cast<uint8_t>(*mask);
  return canonical_tos(bits);
}

Result<std::string> parse_tos_and(std::span<const std::string_view> words, const Context& context) {
  return parse_bits_of(words[0], context, [](uint8_t bits) { return TosBits{0, inverse(bits)}; });
}

Result<std::string> parse_tos_or(std::span<const std::string_view> words, const Context& context) {
  return parse_bits_of(words[0], context, [](uint8_t bits) { return TosBits{bits, bits}; });
}

Result<std::string> parse_tos_xor(std::span<const std::string_view> words, const Context& context) {
  return parse_bits_of(words[0], context, [](uint8_t bits) { return TosBits{bits, 0}; });
}

// iptables has its spaces in the wrong places where it knows a name.
std::string list_tos_bits(std::string_view canonical, bool numeric, const Context&) {
  const TosBits bits = read_tos_bits(canonical);
  if (numeric) return fmt::format("TOS set {}", canonical);
  if (const auto name = tos_name(bits)) return fmt::format(" TOS set{}", *name);
  if (bits.value == 0) return fmt::format("TOS and 0x{:02x}", inverse(bits.mask));
  if (bits.value == bits.mask) return fmt::format("TOS or 0x{:02x}", bits.value);
  if (bits.mask == 0) return fmt::format("TOS xor 0x{:02x}", bits.value);
  return fmt::format("TOS set {}", canonical);
}

std::string say_tos_bits(std::string_view canonical, const Context&) {
  const TosBits bits = read_tos_bits(canonical);
  if (const auto name = tos_name(bits)) return fmt::format("set to {}", *name);
  if (bits.mask == UINT8_MAX) return fmt::format("set to 0x{:02x}", bits.value);
  if (bits.mask == 0) return fmt::format("flipped in the bits 0x{:02x}", bits.value);
  if (bits.value == 0) return fmt::format("cleared in the bits 0x{:02x}", bits.mask);
  if ((bits.value & ~bits.mask) == 0)
    return fmt::format("set to 0x{:02x} in the bits 0x{:02x}", bits.value, bits.mask);
  return fmt::format("cleared in the bits 0x{:02x}, then flipped in the bits 0x{:02x}", bits.mask,
                     bits.value);
}

std::string tos_choices() {
  std::string text = "Names of the type of service:\n";
  for (const NamedTos& name : kTosNames)
    text += fmt::format("    {:<24} 0x{:02x}\n", name.name, name.value);
  return text;
}

}  // namespace bulkhead::ext
