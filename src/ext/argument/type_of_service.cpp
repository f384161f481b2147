// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/type_of_service.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr uint64_t kEveryBit = UINT8_MAX;
constexpr uint64_t kNamedBits = 0x3f;

struct Name {
  std::string_view name;
  uint8_t value;
};
// RFC 1349.
constexpr Name kNames[] = {
    {"Minimize-Delay", 0x10}, {"Maximize-Throughput", 0x08}, {"Maximize-Reliability", 0x04},
    {"Minimize-Cost", 0x02},  {"Normal-Service", 0x00},
};

struct Service {
  uint64_t value = 0;
  uint64_t mask = kEveryBit;
};

Service read(std::string_view canonical) {
  const std::optional<Number> value = leading_number(canonical, kEveryBit);
  return {.value = value->value, .mask = leading_number(value->rest.substr(1), kEveryBit)->value};
}

std::string canonical_text(const Service& service) {
  return fmt::format("{:#04x}/{:#04x}", service.value, service.mask);
}

std::optional<std::string_view> name_of(const Service& service) {
  const auto* found = std::ranges::find(kNames, service.value, &Name::value);
  if (service.mask != kNamedBits || found == std::end(kNames)) return std::nullopt;
  return found->name;
}

}  // namespace

// xtopt_parse_tosmask() of libxtables.
Result<std::string> parse_type_of_service(std::span<const std::string_view> words, const Context&) {
  const std::optional<Number> value = leading_number(words[0], kEveryBit);
  if (!value) {
    const auto* found = std::ranges::find_if(
        kNames, [&](const Name& each) { return same_word(each.name, words[0]); });
    if (found == std::end(kNames))
      return usage_error(fmt::format("Symbolic name \"{}\" is unknown", words[0]));
    return canonical_text({.value = found->value, .mask = kNamedBits});
  }
  if (value->rest.empty()) return canonical_text({.value = value->value});
  const std::optional<uint64_t> mask =
      value->rest.front() == '/' ? whole_number(value->rest.substr(1), 0, kEveryBit) : std::nullopt;
  if (!mask) return usage_error(fmt::format("Illegal value: \"{}\"", words[0]));
  return canonical_text({.value = value->value, .mask = *mask});
}

// A value with other bits than the mask's is taken, as the kernel takes it, and never matches.
Values type_of_service_values(std::string_view canonical, const Context&) {
  const Service service = read(canonical);
  const bool possible = (service.value & ~service.mask) == 0;
  return {.mask = service.mask,
          .values = possible ? ir::ValueSet::of(service.value) : ir::ValueSet()};
}

std::string list_type_of_service(std::string_view canonical, bool numeric, const Context&) {
  const std::optional<std::string_view> name = name_of(read(canonical));
  if (numeric || !name) return std::string(canonical);
  return fmt::format(" {}", *name);
}

std::string say_type_of_service(std::string_view canonical, const Context&) {
  const Service service = read(canonical);
  const std::optional<std::string_view> name = name_of(service);
  if (name) return fmt::format("{} ({})", canonical, *name);
  if (service.mask == kEveryBit) return fmt::format("{:#04x}", service.value);
  return fmt::format("{:#04x} in the bits {:#04x}", service.value, service.mask);
}

std::string type_of_service_names() {
  std::string text = "Names:\n";
  for (const Name& each : kNames) text += fmt::format("  {} (0x{:02x})\n", each.name, each.value);
  return text;
}

}  // namespace bulkhead::ext
