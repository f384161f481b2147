// SPDX-License-Identifier: GPL-2.0-or-later
// The time match around this very moment: what it is asked is worked out from the clock, and done
// anew where the minute has changed meanwhile.
#include <chrono>
#include <ctime>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

constexpr int kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;

struct Asked {
  std::string time;  // behind -m time
  bool holds;
};

tm utc(time_t time) {
  tm parts{};
  gmtime_r(&time, &parts);
  return parts;
}

std::string date(time_t time) {
  const tm parts = utc(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}
std::string daytime(time_t time) {
  const tm parts = utc(time);
  return fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
}
std::string weekday(time_t time) {
  const int day = utc(time).tm_wday;  // Sunday is 0, here it is 7
  return std::to_string(day == 0 ? 7 : day);
}
std::string monthday(time_t time) { return std::to_string(utc(time).tm_mday); }

std::string range(time_t start, time_t stop) {
  return fmt::format("--timestart {} --timestop {}", daytime(start), daytime(stop));
}

std::vector<Asked> asked_at(time_t now) {
  std::vector<Asked> asked = {
      {"--datestart " + date(now - kHour), true},
      {"--datestart " + date(now + kHour), false},
      {"--datestop " + date(now + kHour), true},
      {"--datestop " + date(now - kHour), false},
      {fmt::format("--datestart {} --datestop {}", date(now - kDay), date(now + kDay)), true},
      {"--kerneltz --datestart " + date(now - 2 * kDay), true},
      // Some of these go past midnight, whenever this runs.
      {range(now - 10 * kMinute, now + 10 * kMinute), true},
      {range(now + 10 * kMinute, now - 10 * kMinute), false},
      {range(now - 12 * kHour, now + 10 * kMinute), true},
      {range(now - 10 * kMinute, now + 12 * kHour), true},
      {range(now - 12 * kHour, now - 10 * kMinute), false},
      {range(now + 10 * kMinute, now + 12 * kHour), false},
      {"--weekdays " + weekday(now), true},
      {"! --weekdays " + weekday(now), false},
      {"--weekdays " + weekday(now + kDay), false},
      {"! --weekdays " + weekday(now + kDay), true},
      {"--monthdays " + monthday(now), true},
      {"! --monthdays " + monthday(now), false},
      {"--monthdays " + monthday(now + kDay), false},
      {"! --monthdays " + monthday(now + kDay), true},
  };
  // What ends after midnight is the day before's, if it is contiguous: a range that we are in the
  // second or, late in the day, in the first part of.
  const bool late = now % kDay + kHour >= kDay;
  const std::string past_midnight =
      late ? range(now - 10 * kMinute, now - kHour) : range(now + kHour, now + 10 * kMinute);
  const time_t of = late ? now : now - kDay, not_of = late ? now - kDay : now;
  asked.push_back({past_midnight + " --contiguous --weekdays " + weekday(of), true});
  asked.push_back({past_midnight + " --contiguous --weekdays " + weekday(not_of), false});
  asked.push_back({past_midnight + " --weekdays " + weekday(now), true});
  return asked;
}

class Time : public TwoFirewalls {};

TEST_F(Time, IsNow) {
  for (const auto& firewall : both_) {
    time_t now = 0;
    std::vector<Asked> asked;
    do {
      now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
      asked = asked_at(now);
      std::string rules;
      for (size_t i = 0; i < asked.size(); ++i) {
        rules += fmt::format("-A INPUT -m time {} -m comment --comment {}\n", asked[i].time, i);
      }
      firewall->ip4.must_restore(filter(rules));
      firewall->rig.inject("eth0", to_host({Udp{}}));
    } while (std::time(nullptr) / kMinute != now / kMinute);
    for (size_t i = 0; i < asked.size(); ++i) {
      EXPECT_EQ(firewall->packets(std::to_string(i)), asked[i].holds ? 1u : 0u)
          << firewall->name << " at " << date(now) << ": " << asked[i].time;
    }
  }
}

}  // namespace
}  // namespace bulkhead::testing
