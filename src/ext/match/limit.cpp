// SPDX-License-Identifier: GPL-2.0-or-later
#include <cerrno>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/rate.h"
#include "ext/error.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_limit {
namespace {

constexpr std::string_view kDefaultRate = "3/hour";
constexpr std::string_view kDefaultBurst = "5";

struct Arguments {
  std::string_view rate = kDefaultRate;
  std::string_view burst = kDefaultBurst;
};

Arguments read(std::span<const ir::Argument> arguments) {
  Arguments result;
  for (const ir::Argument& argument : arguments) {
    (argument.option == "limit" ? result.rate : result.burst) = argument.text;
  }
  return result;
}

// xt_limit.c keeps a bucket in credits, so many a second that a day's fit in 32 bits. It depends on
// the kernel's HZ; this is its value for 250 and 1000.
constexpr uint32_t kCreditsPerSecond = 32000;
constexpr uint32_t kUnitsPerSecond = 10000;  // XT_LIMIT_SCALE

// user2credits of xt_limit.c; wraps as it does.
constexpr uint32_t credits(uint32_t units) {
  if (units > UINT32_MAX / kCreditsPerSecond) return units / kUnitsPerSecond * kCreditsPerSecond;
  return units * kCreditsPerSecond / kUnitsPerSecond;
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const Arguments given = read(arguments);
  const Rate rate = read_rate(given.rate);
  const auto burst = static_cast<uint32_t>(canonical_number(given.burst));
  if (burst == 0) return kernel_refusal(ERANGE, "a burst of 0 lets nothing through");
  const uint32_t period = rate_period(rate);
  if (credits(period * burst) < credits(period)) {
    return kernel_refusal(ERANGE, "so slow a rate needs a smaller --limit-burst");
  }
  return ir::Predicate{ir::Limit{.rate = rate.packets, .seconds = rate.seconds, .burst = burst}};
}

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  const Arguments given = read(arguments);
  return fmt::format("limit: avg {} burst {}", given.rate, given.burst);
}

constexpr Option kOptions[] = {
    {
        .name = "limit",
        .type = &kRate,
        .negation = Negation::kRefused,
        .fallback = kDefaultRate,
        .always_printed = true,
        .help = "the average rate, 3/hour unless given; without a unit, a second",
        .sentence = "no more than {} have come on average",
    },
    {
        .name = "limit-burst",
        .type = &kNumber<0, 10000>,
        .negation = Negation::kRefused,
        .fallback = kDefaultBurst,
        .help = "how many may come at once, 5 unless given",
        .sentence = "after a burst of {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -m limit --limit 60/min",
        .canonical = "-p udp -m limit --limit 1/sec",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ limit 1 packets / 1 s burst 5 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p tcp -m limit --limit-burst 100 -m tcp --dport 22",
        .canonical = "-p tcp -m limit --limit 3/hour --limit-burst 100 -m tcp --dport 22",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ limit 3 packets / 3600 s burst 100 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
    },
};

constexpr Match kLimit{
    .name = "limit",
    .options = kOptions,
    .summary =
        "A token bucket: takes packets until it is empty, then as many as come back in at the "
        "rate.",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kLimit));

}  // namespace

const Match& row() { return kLimit; }

}  // namespace bulkhead::ext::match_limit
