// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/estimator_time.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "ext/argument/word.h"

namespace bulkhead::ext {
namespace {

constexpr uint64_t kSecond = 1'000'000;
constexpr uint64_t kMillisecond = 1'000;
constexpr uint64_t kShortest = kSecond / 4;
constexpr int kLastInterval = 5;  // 8 s
constexpr int kLastAveraging = 30;
constexpr double kLongestTime = 1e16;  // above what the kernel can average over

struct TimeUnit {
  std::string_view name;
  double microseconds;
};

constexpr TimeUnit kTimeUnits[] = {
    {"", 1},
    {"s", kSecond},
    {"sec", kSecond},
    {"secs", kSecond},
    {"ms", kMillisecond},
    {"msec", kMillisecond},
    {"msecs", kMillisecond},
    {"us", 1},
    {"usec", 1},
    {"usecs", 1},
};

}  // namespace

std::optional<uint64_t> read_time(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || !(value >= 0 && value < kLongestTime)) return std::nullopt;
  const std::string_view name(stop, static_cast<size_t>(end - stop));
  const auto* unit = std::ranges::find_if(
      kTimeUnits, [&](const TimeUnit& each) { return same_word(each.name, name); });
  if (unit == std::end(kTimeUnits)) return std::nullopt;
  const double time = value * unit->microseconds;
  if (time >= kLongestTime) return std::nullopt;
  return static_cast<uint64_t>(time);
}

std::string print_time(uint64_t microseconds) {
  const auto time = static_cast<double>(microseconds);
  if (microseconds >= kSecond) return fmt::format("{:.1f}s", time / kSecond);
  if (microseconds >= kMillisecond) return fmt::format("{:.1f}ms", time / kMillisecond);
  return fmt::format("{}us", microseconds);
}

std::optional<int8_t> estimator_interval(uint64_t microseconds) {
  for (int log = 0; log <= kLastInterval; ++log) {
    if (microseconds <= kShortest << log) return static_cast<int8_t>(log - 2);
  }
  return std::nullopt;
}

// The kernel averages with the weight 2^-log; its time constant is that of an exponential decay.
std::optional<uint8_t> estimator_averaging(uint64_t interval, uint64_t averaging) {
  for (int log = 1; log <= kLastAveraging + 1; ++log) {
    const double kept = 1.0 - std::ldexp(1.0, -log);
    if (static_cast<double>(interval) / -std::log(kept) <= static_cast<double>(averaging)) continue;
    if (log == 1) break;
    return static_cast<uint8_t>(log - 1);
  }
  return std::nullopt;
}

uint64_t interval_time(const EstimatorTimes& times) { return kShortest << (times.interval + 2); }

uint64_t averaging_time(const EstimatorTimes& times) {
  return interval_time(times) << times.averaging_log;
}

}  // namespace bulkhead::ext
