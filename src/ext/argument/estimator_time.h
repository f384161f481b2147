// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::ext {

// A rate estimator's times (linux/gen_stats.h): over which the rate is measured, 250 ms times a
// power of two, and over which it is averaged, the interval times a power of two.
struct EstimatorTimes {
  int8_t interval = 0;        // log2 of seconds
  uint8_t averaging_log = 0;  // log2 of intervals
};

// In microseconds: "250ms", "1.5s", "10us", or a bare number of microseconds. Nothing if it is none
// of these.
std::optional<uint64_t> read_time(std::string_view text);
// "250.0ms", "1.0s", "10us".
std::string print_time(uint64_t microseconds);

// The shortest interval that isn't below; nothing above 8 s.
std::optional<int8_t> estimator_interval(uint64_t microseconds);
// The longest averaging that isn't above, of an interval of this length; nothing where the kernel
// has none.
std::optional<uint8_t> estimator_averaging(uint64_t interval, uint64_t averaging);

uint64_t interval_time(const EstimatorTimes& times);
uint64_t averaging_time(const EstimatorTimes& times);

}  // namespace bulkhead::ext
