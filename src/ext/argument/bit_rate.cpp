// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/bit_rate.h"

#include <charconv>

#include <fmt/format.h>

#include "ext/argument/word.h"

namespace bulkhead::ext {
namespace {

struct BitUnit {
  std::string_view name;
  double bits;
};

constexpr double kKibi = 1024;
constexpr BitUnit kBitUnits[] = {
    {"", 1},
    {"bit", 1},
    {"Kibit", kKibi},
    {"kbit", 1e3},
    {"Mibit", kKibi* kKibi},
    {"mbit", 1e6},
    {"Gibit", kKibi* kKibi* kKibi},
    {"gbit", 1e9},
    {"Tibit", kKibi* kKibi* kKibi* kKibi},
    {"tbit", 1e12},
    {"Bps", 8},
    {"KiBps", 8 * kKibi},
    {"KBps", 8e3},
    {"MiBps", 8 * kKibi* kKibi},
    {"MBps", 8e6},
    {"GiBps", 8 * kKibi* kKibi* kKibi},
    {"GBps", 8e9},
    {"TiBps", 8 * kKibi* kKibi* kKibi* kKibi},
    {"TBps", 8e12},
};

}  // namespace

std::optional<uint32_t> bit_rate(std::string_view text) {
  double number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<size_t>(stop - text.data()));
  for (const BitUnit& each : kBitUnits) {
    if (!same_word(each.name, unit)) continue;
    const double bytes = number * each.bits / 8;
    if (!(bytes >= 0 && bytes <= UINT32_MAX)) return std::nullopt;
    return static_cast<uint32_t>(bytes);
  }
  return std::nullopt;
}

std::string bit_rate_text(uint32_t bytes_a_second) {
  constexpr uint64_t kKilo = 1000, kMega = kKilo * kKilo, kGiga = kKilo * kMega;
  const uint64_t bits = uint64_t{bytes_a_second} * 8;
  if (bits >= kGiga && bits % kMega == 0) return fmt::format("{}Mbit", bits / kMega);
  if (bits >= kMega && bits < kGiga && bits % kKilo == 0)
    return fmt::format("{}Kbit", bits / kKilo);
  return fmt::format("{}bit", bits);
}

}  // namespace bulkhead::ext
