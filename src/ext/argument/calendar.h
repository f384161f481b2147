// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// What the time match is asked: dates, times of the day, lists of days. No time zone is in them.

// "2024-05-01T12:00:00" from as much of it as is given; a day that its month doesn't have is one of
// the next month.
Result<std::string> parse_date(std::span<const std::string_view> words, const Context&);
// In seconds since 1970.
uint32_t date_seconds(std::string_view canonical);

// "09:30:00" from "9:30".
Result<std::string> parse_daytime(std::span<const std::string_view> words, const Context&);
// In seconds since midnight.
uint32_t daytime_seconds(std::string_view canonical);

// "1,2,31" and "Mon,Sun"; bit 1 is the first day or Monday.
Result<std::string> parse_month_days(std::span<const std::string_view> words, const Context&);
Result<std::string> parse_week_days(std::span<const std::string_view> words, const Context&);
uint32_t month_days(std::string_view canonical);
uint8_t week_days(std::string_view canonical);
std::string month_days_text(uint32_t days);
std::string week_days_text(uint8_t days);
// "1st,2nd", as iptables writes it: 11st, 12nd and 13rd, too.
std::string month_days_in_words(std::string_view canonical);

inline constexpr ArgumentType kDate{.words = "YYYY[-MM[-DD[Thh[:mm[:ss]]]]]", .parse = parse_date};
inline constexpr ArgumentType kDaytime{.words = "hh:mm[:ss]", .parse = parse_daytime};
inline constexpr ArgumentType kMonthDays{.words = "day[,day...]", .parse = parse_month_days};
inline constexpr ArgumentType kWeekDays{.words = "day[,day...]", .parse = parse_week_days};

}  // namespace bulkhead::ext
