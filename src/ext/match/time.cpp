// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_time.h>

#include <algorithm>

#include <fmt/format.h>

#include "ext/argument/calendar.h"
#include "ext/argument/number.h"
#include "ext/arguments.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_time {
namespace {

constexpr std::string_view kFirstDate = "1970-01-01T00:00:00";
constexpr std::string_view kLastDate = "2038-01-19T03:14:07";  // 2^31 - 1, which is no bound
constexpr std::string_view kMidnight = "00:00:00";
constexpr std::string_view kLastSecond = "23:59:59";

std::string_view text_of(std::span<const ir::Argument> arguments, std::string_view option,
                         std::string_view otherwise) {
  const ir::Argument* argument = find(arguments, option);
  return argument == nullptr ? otherwise : std::string_view(argument->text);
}

// A list of days without its '!'. Of all days there is nothing to print, and none can't be printed.
Result<bool> settle_days(ir::Argument& argument) {
  if (argument.option == "monthdays") {
    const uint32_t given = month_days(argument.text);
    argument.text = month_days_text(argument.negated ? given ^ XT_TIME_ALL_MONTHDAYS : given);
    if (month_days(argument.text) == XT_TIME_ALL_MONTHDAYS) return false;
  } else if (argument.option == "weekdays") {
    const uint8_t given = week_days(argument.text);
    argument.text = week_days_text(
        static_cast<uint8_t>(argument.negated ? given ^ XT_TIME_ALL_WEEKDAYS : given));
    if (week_days(argument.text) == XT_TIME_ALL_WEEKDAYS) return false;
  }
  if (argument.negated && argument.text.empty())
    return usage_error(fmt::format("time: --{} leaves no day", argument.option));
  argument.negated = false;
  return true;
}

Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  const std::string start(text_of(arguments, "timestart", kMidnight));
  const std::string stop(text_of(arguments, "timestop", kLastSecond));
  if (find(arguments, "contiguous") != nullptr && start < stop) {
    return usage_error(
        "time: --contiguous only makes sense when stoptime is smaller than starttime");
  }
  std::vector<ir::Argument> settled;
  if (start != kMidnight || stop != kLastSecond) {
    settled.push_back({"timestart", false, start, {}});
    settled.push_back({"timestop", false, stop, {}});
  }
  for (ir::Argument& argument : arguments) {
    const bool of_day = argument.option == "timestart" || argument.option == "timestop";
    if (of_day || argument.option == "utc") continue;
    const Result<bool> kept = settle_days(argument);
    if (!kept) return kept.error();
    if (*kept) settled.push_back(std::move(argument));
  }
  arguments = std::move(settled);
  return {};
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  ir::Opaque match = xt_match<xt_time_info>("time", 0, [&](xt_time_info& info) {
    info.date_start = date_seconds(text_of(arguments, "datestart", kFirstDate));
    info.date_stop = date_seconds(text_of(arguments, "datestop", kLastDate));
    info.daytime_start = daytime_seconds(text_of(arguments, "timestart", kMidnight));
    info.daytime_stop = daytime_seconds(text_of(arguments, "timestop", kLastSecond));
    const ir::Argument* of_month = find(arguments, "monthdays");
    const ir::Argument* of_week = find(arguments, "weekdays");
    info.monthdays_match =
        of_month == nullptr ? uint32_t{XT_TIME_ALL_MONTHDAYS} : month_days(of_month->text);
    info.weekdays_match =
        of_week == nullptr ? uint8_t{XT_TIME_ALL_WEEKDAYS} : week_days(of_week->text);
    if (find(arguments, "kerneltz") != nullptr) info.flags |= XT_TIME_LOCAL_TZ;
    if (find(arguments, "contiguous") != nullptr) info.flags |= XT_TIME_CONTIGUOUS;
  });
  match.stateful = true;  // the clock goes on between two askings
  return ir::Predicate{std::move(match)};
}

std::string spaced(std::string_view date) {
  std::string text(date);
  std::ranges::replace(text, 'T', ' ');
  return text;
}

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  std::string text = "TIME";
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "timestart") text += " from " + argument.text;
    if (argument.option == "timestop") text += " to " + argument.text;
  }
  if (const ir::Argument* days = find(arguments, "weekdays")) text += " on " + days->text;
  if (const ir::Argument* days = find(arguments, "monthdays"))
    text += " on " + month_days_in_words(days->text);
  if (const ir::Argument* start = find(arguments, "datestart"))
    text += " starting from " + spaced(start->text);
  const std::string_view stop = text_of(arguments, "datestop", kLastDate);
  if (stop != kLastDate) text += " until date " + spaced(stop);
  if (find(arguments, "kerneltz") == nullptr) text += " UTC";
  if (find(arguments, "contiguous") != nullptr) text += " contiguous";
  return text;
}

constexpr uint8_t kOneClock = 1;

constexpr Option kOptions[] = {
    {
        .name = "timestart",
        .type = &kDaytime,
        .negation = Negation::kRefused,
        .help = "from that time of the day on, 00:00 unless given",
        .sentence = "it is {} or later",
    },
    {
        .name = "timestop",
        .type = &kDaytime,
        .negation = Negation::kRefused,
        .help = "up to that time of the day, 23:59:59 unless given; before --timestart: past "
                "midnight",
        .sentence = "until {}",
    },
    {
        .name = "monthdays",
        .type = &kMonthDays,
        .negation = Negation::kFolded,
        .help = "the days of the month, 1 to 31",
        .sentence = "the day of the month is {not }{}",
    },
    {
        .name = "weekdays",
        .type = &kWeekDays,
        .negation = Negation::kFolded,
        .help = "the days of the week: Mon to Sun, or 1 to 7",
        .sentence = "the day is {not }{}",
    },
    {
        .name = "datestart",
        .type = &kDate,
        .negation = Negation::kRefused,
        .fallback = kFirstDate,
        .help = "not before that date",
        .sentence = "it is {} or later",
    },
    {
        .name = "datestop",
        .type = &kDate,
        .negation = Negation::kRefused,
        .fallback = kLastDate,
        .always_printed = true,
        .help = "not after that date",
        .sentence = "it is not after {}",
    },
    {
        .name = "localtz",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOneClock,
        .stands_for = "kerneltz",
        .warning = [](std::string_view) -> std::string {
          return "WARNING: --localtz is being replaced by --kerneltz, since \"local\" is "
                 "ambiguous. Note the kernel timezone has caveats - see manpage for details.";
        },
        .help = "the old name of --kerneltz",
    },
    {
        .name = "utc",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOneClock,
        .folded = true,
        .help = "times are UTC, which they are anyway",
    },
    {
        .name = "kerneltz",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOneClock,
        .help = "times are of the kernel's time zone, which knows no summer time",
        .sentence = "by the kernel's time zone",
    },
    {
        .name = "contiguous",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .help = "what begins before midnight and ends after it belongs to the first day",
        .sentence = "across midnight",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -m time --datestart 2020",
        .canonical = "-p udp -m time --datestart 2020-01-01T00:00:00 --datestop "
                     "2038-01-19T03:14:07",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match time rev 0 0x00e10b5effffff7f000000007f510100fefffffffe000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule =
            "-m time --timestart 23:30 --timestop 1:00 --contiguous --weekdays 5,Sat --kerneltz",
        .canonical = "-m time --timestart 23:30:00 --timestop 01:00:00 --weekdays Fri,Sat "
                     "--datestop 2038-01-19T03:14:07 --kerneltz --contiguous",
        .nft = "[ match time rev 0 0x00000000ffffff7f784a0100100e0000feffffff60030000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:54",
        .shown_by = "time_test.cpp",
    },
    {
        .rule = "-m time --monthdays 1,15 --datestop 2030-06-31T12 --utc",
        .canonical = "-m time --monthdays 1,15 --datestop 2030-07-01T12:00:00",
        .nft = "[ match time rev 0 0x00000000c020cb71000000007f51010002800000fe000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:54",
        .shown_by = "time_test.cpp",
    },
};

constexpr Match kTime{
    .name = "time",
    .options = kOptions,
    .summary = "What the clock and the calendar say when the packet comes.",
    .list = list,
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kTime));

}  // namespace

const Match& row() { return kTime; }

}  // namespace bulkhead::ext::match_time
