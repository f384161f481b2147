// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/rate.h"

#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr uint32_t kScale = 10000;  // XT_LIMIT_SCALE: units a second

struct RateUnit {
  std::string_view typed;  // or any beginning of it
  std::string_view printed;
  uint32_t seconds;
};

constexpr RateUnit kRateUnits[] = {
    {"day", "day", 86400}, {"hour", "hour", 3600}, {"minute", "min", 60}, {"second", "sec", 1}};

// libxt_limit reads the number with atoi(3), whose result it keeps in 32 bits without a sign: what
// is not a number ends it without an error, and a negative one is too fast. The casts are strtol's
// and atoi's.
uint32_t leading_count(std::string_view text) {
  const std::string terminated(text);
  return static_cast<uint32_t>(static_cast<int>(std::strtol(terminated.c_str(), nullptr, 10)));
}

}  // namespace

std::optional<uint32_t> rate_unit(std::string_view word) {
  if (word.empty()) return std::nullopt;
  for (const RateUnit& unit : kRateUnits) {
    if (begins_with(unit.typed, word)) return unit.seconds;
  }
  return std::nullopt;
}

RateText rate_of_period(uint64_t period, uint64_t units_per_second) {
  const RateUnit* best = &kRateUnits[0];
  for (const RateUnit& unit : std::span(kRateUnits).subspan(1)) {
    const uint64_t scaled = units_per_second * unit.seconds;
    if (period > scaled || scaled / period < scaled % period) break;
    best = &unit;
  }
  return {fmt::format("{}/{}", units_per_second * best->seconds / period, best->printed),
          best->seconds};
}

Result<std::string> parse_rate(std::span<const std::string_view> words, const Context&) {
  const std::string_view word = words[0];
  const size_t slash = word.find('/');
  std::optional<uint32_t> seconds = 1;
  if (slash != std::string_view::npos) seconds = rate_unit(word.substr(slash + 1));
  const uint32_t packets = leading_count(word);
  if (!seconds || packets == 0) return usage_error(fmt::format("bad rate \"{}\"'", word));
  const uint32_t period = kScale * *seconds / packets;
  if (period == 0) return usage_error(fmt::format("Rate too fast \"{}\"", word));
  return rate_of_period(period, kScale).text;
}

Rate read_rate(std::string_view canonical) {
  const size_t slash = canonical.find('/');
  return {canonical_number(canonical.substr(0, slash)), *rate_unit(canonical.substr(slash + 1))};
}

uint32_t rate_period(const Rate& rate) {
  return static_cast<uint32_t>(kScale * rate.seconds / rate.packets);
}

std::string say_rate(std::string_view canonical, const Context&) {
  const Rate rate = read_rate(canonical);
  std::string_view unit;
  for (const RateUnit& entry : kRateUnits) {
    if (entry.seconds == rate.seconds) unit = entry.typed;
  }
  return fmt::format("{} a{} {}", rate.packets, unit == "hour" ? "n" : "", unit);
}

}  // namespace bulkhead::ext
