// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// So many packets in so many seconds.
struct Rate {
  uint64_t packets = 0;
  uint64_t seconds = 1;
};

// "3/hour", "5/s", "5" (a second). xt_limit keeps the time between two packets in units of 100
// microseconds, rounded down, and prints the rate that follows from it: 60/min is 1/sec, 7000/sec
// is 10000/sec.
Result<std::string> parse_rate(std::span<const std::string_view> words, const Context&);
Rate read_rate(std::string_view canonical);
// The seconds that such a word or a beginning of it means: "minute", "min", "m".
std::optional<uint32_t> rate_unit(std::string_view word);
// A time between two packets as the rate that follows from it, and the seconds of the unit in which
// it is said: the finest that neither it nor a coarser one is too short for the time or rounds much
// of it away, where libxtables' print_rate stops.
struct RateText {
  std::string text;
  uint32_t seconds = 1;
};
RateText rate_of_period(uint64_t period, uint64_t units_per_second);
// xt_limit's time between two packets, in units of 100 microseconds.
uint32_t rate_period(const Rate& rate);
std::string say_rate(std::string_view canonical, const Context&);

inline constexpr ArgumentType kRate{
    .words = "rate[/second|/minute|/hour|/day]",
    .parse = parse_rate,
    .say = say_rate,
};

}  // namespace bulkhead::ext
