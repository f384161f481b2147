// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/dscp.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr uint64_t kLastDscp = 63;

struct Class {
  std::string_view name;
  uint8_t dscp;
};

// RFC 2474 (CS), RFC 2597 (AF), RFC 3246 (EF); BE is what has no class.
constexpr Class kClasses[] = {
    {"BE", 0},    {"CS0", 0},   {"CS1", 8},   {"CS2", 16},  {"CS3", 24},  {"CS4", 32},
    {"CS5", 40},  {"CS6", 48},  {"CS7", 56},  {"AF11", 10}, {"AF12", 12}, {"AF13", 14},
    {"AF21", 18}, {"AF22", 20}, {"AF23", 22}, {"AF31", 26}, {"AF32", 28}, {"AF33", 30},
    {"AF41", 34}, {"AF42", 36}, {"AF43", 38}, {"EF", 46},
};

std::string canonical_text(uint64_t dscp) { return fmt::format("0x{:02x}", dscp); }

uint64_t read_dscp(std::string_view canonical) {
  return leading_number(canonical, kLastDscp)->value;
}

}  // namespace

Result<std::string> parse_dscp(std::span<const std::string_view> words, const Context& context) {
  const Result<std::string> decimal = parse_number(words[0], 0, kLastDscp, context);
  if (!decimal) return decimal.error();
  return canonical_text(canonical_number(*decimal));
}

// As iptables compares, whatever follows the name is ignored: "EFfort" is EF.
Result<std::string> parse_dscp_class(std::span<const std::string_view> words, const Context&) {
  const auto* found = std::ranges::find_if(
      kClasses, [&](const Class& each) { return begins_with(words[0], each.name); });
  if (found == std::end(kClasses))
    return usage_error(fmt::format("Invalid DSCP value `{}'", words[0]));
  return canonical_text(found->dscp);
}

Values dscp_values(std::string_view canonical, const Context&) {
  return {.values = ir::ValueSet::of(read_dscp(canonical))};
}

std::string say_dscp(std::string_view canonical, const Context&) {
  const auto* found = std::ranges::find(kClasses, read_dscp(canonical), &Class::dscp);
  if (found == std::end(kClasses)) return std::string(canonical);
  return fmt::format("{} ({})", canonical, found->name);
}

}  // namespace bulkhead::ext
