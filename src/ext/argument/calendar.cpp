// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/calendar.h"

#include <charconv>
#include <chrono>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/split.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr std::string_view kWeekDayNames[] = {"", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr unsigned kLastMonthDay = 31;
constexpr unsigned kLastWeekDay = 7;

// Digits and nothing else.
std::optional<unsigned> decimal(std::string_view text, unsigned first, unsigned last) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < first || value > last) return std::nullopt;
  return value;
}

// One part of a date and what stands behind it if it isn't the last.
struct DatePart {
  char separator;
  unsigned first;
  unsigned last;
};
constexpr DatePart kDateParts[] = {{'-', 1970, 2038}, {'-', 1, 12}, {'T', 1, 31},
                                   {':', 0, 23},      {':', 0, 59}, {'\0', 0, 59}};

template <class List> void add_to_list(std::string& text, const List& part) {
  fmt::format_to(std::back_inserter(text), "{}{}", text.empty() ? "" : ",", part);
}

// The parts of a list; a comma at its end is no mistake to iptables.
std::vector<std::string_view> list_parts(std::string_view list) {
  if (list.ends_with(',')) list.remove_suffix(1);
  return split(list, ',');
}

}  // namespace

Result<std::string> parse_date(std::span<const std::string_view> words, const Context&) {
  unsigned parts[std::size(kDateParts)] = {1970, 1, 1, 0, 0, 0};
  std::string_view rest = words[0];
  for (size_t i = 0; i < std::size(kDateParts); ++i) {
    const DatePart& part = kDateParts[i];
    const size_t end = i + 1 == std::size(kDateParts) ? rest.npos : rest.find(part.separator);
    const std::optional<unsigned> value = decimal(rest.substr(0, end), part.first, part.last);
    if (!value) {
      return usage_error(fmt::format(
          "Invalid date \"{}\" specified. Should be YYYY[-MM[-DD[Thh[:mm[:ss]]]]]", words[0]));
    }
    parts[i] = *value;
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  const auto [year, month, day, hour, minute, second] = parts;
  const std::chrono::sys_days first =
      std::chrono::year(static_cast<int>(year)) / static_cast<int>(month) / 1;
  const std::chrono::year_month_day date = first + std::chrono::days(day - 1);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), hour,
                     minute, second);
}

uint32_t date_seconds(std::string_view canonical) {
  const auto number = [&](size_t at, size_t size) {
    return static_cast<int>(canonical_number(canonical.substr(at, size)));
  };
  const std::chrono::sys_days day = std::chrono::year(number(0, 4)) / number(5, 2) / number(8, 2);
  const auto seconds = std::chrono::seconds(day.time_since_epoch()).count();
  return static_cast<uint32_t>(seconds) + daytime_seconds(canonical.substr(11));
}

// time_parse_minutes() of libxt_time.c, whose message shows what was still to be read.
Result<std::string> parse_daytime(std::span<const std::string_view> words, const Context&) {
  const auto invalid = [](std::string_view rest) {
    return usage_error(
        fmt::format("invalid time \"{}\" specified, should be hh:mm[:ss] format and within the "
                    "boundaries",
                    rest));
  };
  std::string_view rest = words[0];
  const size_t colon = rest.find(':');
  const std::optional<unsigned> hour = decimal(rest.substr(0, colon), 0, 23);
  if (!hour || colon == rest.npos) return invalid(rest);
  rest.remove_prefix(colon + 1);
  const size_t second_colon = rest.find(':');
  const std::optional<unsigned> minute = decimal(rest.substr(0, second_colon), 0, 59);
  if (!minute) return invalid(rest);
  unsigned second = 0;
  if (second_colon != rest.npos) {
    rest.remove_prefix(second_colon + 1);
    const std::optional<unsigned> given = decimal(rest, 0, 59);
    if (!given) return invalid(rest);
    second = *given;
  }
  return fmt::format("{:02}:{:02}:{:02}", *hour, *minute, second);
}

uint32_t daytime_seconds(std::string_view canonical) {
  const auto number = [&](size_t at) {
    return static_cast<uint32_t>(canonical_number(canonical.substr(at, 2)));
  };
  return (number(0) * 60 + number(3)) * 60 + number(6);
}

Result<std::string> parse_month_days(std::span<const std::string_view> words, const Context&) {
  uint32_t days = 0;
  for (const std::string_view part : list_parts(words[0])) {
    const std::optional<uint64_t> day =
        part.size() > 2 ? std::nullopt : whole_number(part, 1, kLastMonthDay);
    if (!day)
      return usage_error(fmt::format("{} is not a valid day for --monthdays", part.substr(0, 2)));
    days |= uint32_t{1} << *day;
  }
  return month_days_text(days);
}

// Of a name the first two letters count.
Result<std::string> parse_week_days(std::span<const std::string_view> words, const Context&) {
  uint8_t days = 0;
  for (const std::string_view part : list_parts(words[0])) {
    if (part.empty() || part == "0") return usage_error("No, the week does NOT begin with Sunday.");
    unsigned day = decimal(part, 1, kLastWeekDay).value_or(0);
    for (unsigned i = 1; i <= kLastWeekDay; ++i) {
      if (part.starts_with(kWeekDayNames[i].substr(0, 2))) day = i;
    }
    if (day == 0)
      return usage_error(fmt::format("{} is not a valid day specifier", part.substr(0, 3)));
    days |= static_cast<uint8_t>(1 << day);
  }
  return week_days_text(days);
}

uint32_t month_days(std::string_view canonical) {
  uint32_t days = 0;
  for (const std::string_view part : split(canonical, ','))
    days |= uint32_t{1} << canonical_number(part);
  return days;
}

uint8_t week_days(std::string_view canonical) {
  uint8_t days = 0;
  for (const std::string_view part : split(canonical, ',')) {
    for (unsigned i = 1; i <= kLastWeekDay; ++i) {
      if (part == kWeekDayNames[i]) days |= static_cast<uint8_t>(1 << i);
    }
  }
  return days;
}

std::string month_days_text(uint32_t days) {
  std::string text;
  for (unsigned i = 1; i <= kLastMonthDay; ++i) {
    if ((days >> i & 1) != 0) add_to_list(text, i);
  }
  return text;
}

std::string week_days_text(uint8_t days) {
  std::string text;
  for (unsigned i = 1; i <= kLastWeekDay; ++i) {
    if ((days >> i & 1) != 0) add_to_list(text, kWeekDayNames[i]);
  }
  return text;
}

std::string month_days_in_words(std::string_view canonical) {
  return join_mapped(canonical, ',', [](std::string_view day) {
    constexpr std::string_view kEndings[] = {"th", "st", "nd", "rd"};
    const uint64_t digit = canonical_number(day) % 10;
    return fmt::format("{}{}", day, kEndings[digit < std::size(kEndings) ? digit : 0]);
  });
}

}  // namespace bulkhead::ext
