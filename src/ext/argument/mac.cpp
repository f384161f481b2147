// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/mac.h"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/split.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr size_t kBytes = 6;
constexpr size_t kMostDigits = 2;

}  // namespace

// xtopt_parse_ethermac of libxtables, which also takes a sign or nothing for a byte; here both are
// refused.
Result<std::string> parse_mac(std::span<const std::string_view> words, const Context&) {
  const std::vector<std::string_view> parts = split(words[0], ':');
  std::string canonical;
  for (const std::string_view part : parts) {
    const char* const end = part.data() + part.size();
    uint8_t byte = 0;
    const auto [stop, error] = std::from_chars(part.data(), end, byte, 16);
    if (error != std::errc() || stop != end || part.size() > kMostDigits || parts.size() != kBytes)
      return usage_error("Invalid MAC address specified.");
    if (!canonical.empty()) canonical += ':';
    canonical += fmt::format("{:02x}", byte);
  }
  return canonical;
}

Values mac_values(std::string_view canonical, const Context&) {
  uint64_t value = 0;
  for (const std::string_view part : split(canonical, ':')) {
    uint8_t byte = 0;
    std::from_chars(part.data(), part.data() + part.size(), byte, 16);
    value = value << 8 | byte;
  }
  return {.values = ir::ValueSet::of(value)};
}

}  // namespace bulkhead::ext
