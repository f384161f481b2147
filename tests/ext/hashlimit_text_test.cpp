// SPDX-License-Identifier: GPL-2.0-or-later
// hashlimit's texts depend on each other, and the kernel's arithmetic rounds. What -S prints is
// what the table stores about itself, so it must be read as itself, whatever was typed.
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ext/row.h"
#include "ext/rule_text.h"

namespace bulkhead::ext {
namespace {

// Of rules that are printed, read and printed again: how many were taken at all.
struct Tally {
  unsigned taken = 0;
  unsigned refused = 0;

  void check(const std::string& options) {
    const std::string typed = "-m hashlimit --hashlimit-name h " + options;
    const RuleText rule(net::Family::kIpv4, typed);
    if (rule.error()) {
      ++refused;
      return;
    }
    ++taken;
    const std::string printed = rule.print();
    const RuleText again(net::Family::kIpv4, printed);
    ASSERT_FALSE(again.error()) << typed << " is printed as " << printed << ": " << again.message();
    EXPECT_EQ(again.print(), printed) << typed;
  }
};

TEST(HashlimitText, OfPacketsIsReadAsItself) {
  Tally tally;
  for (const std::string_view unit : {"sec", "min", "hour", "day"}) {
    for (uint64_t rate = 1; rate < 100000000; rate += 1 + rate / 7) {
      for (const std::string_view more :
           {"", "--hashlimit-rate-match", "--hashlimit-burst 7 --hashlimit-htable-expire 60000"})
        tally.check(fmt::format("--hashlimit-upto {}/{} {}", rate, unit, more));
    }
  }
  EXPECT_GT(tally.taken, 1000u);
}

TEST(HashlimitText, OfBytesIsReadAsItself) {
  Tally tally;
  for (uint64_t rate = 1; rate < (uint64_t{1} << 34); rate += 1 + rate / 5) {
    tally.check(fmt::format("--hashlimit-above {}b/s", rate));
    for (uint64_t burst = 16; burst < (uint64_t{1} << 36); burst += 1 + burst / 3)
      tally.check(fmt::format("--hashlimit-above {}b/s --hashlimit-burst {}b", rate, burst));
  }
  EXPECT_GT(tally.taken, 1000u);
  EXPECT_GT(tally.refused, 100u);  // bursts smaller than the rate
}

TEST(HashlimitText, SaysTheBurstToTheByteWhereLegacyCutsIt) {
  const auto printed = [](std::string_view options) {
    return RuleText(net::Family::kIpv4, "-m hashlimit --hashlimit-name h " + std::string(options))
        .print();
  };
  // 1,500,000 bytes are 15 seconds' worths; read back, legacy's "1mb" is 11.
  EXPECT_EQ(
      printed("--hashlimit-upto 100000b/s --hashlimit-burst 1500000b"),
      "-m hashlimit --hashlimit-upto 100000b/s --hashlimit-burst 1500000b --hashlimit-name h");
  EXPECT_EQ(printed("--hashlimit-upto 4kb/s --hashlimit-burst 400kb"),
            "-m hashlimit --hashlimit-upto 4kb/s --hashlimit-burst 400kb --hashlimit-name h");
}

}  // namespace
}  // namespace bulkhead::ext
