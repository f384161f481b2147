// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_RATEEST.h>

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/estimator_time.h"
#include "ext/argument/plain_word.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_rateest {
namespace {

constexpr size_t kLongestName = IFNAMSIZ - 1;

// The text of a time in microseconds: what is printed follows from both times, in `settle`.
Result<std::string> parse_time(std::string_view word, std::string_view what) {
  if (const auto time = read_time(word)) return fmt::format("{}us", *time);
  return usage_error(fmt::format("RATEEST: bad {} value \"{}\"", what, word));
}

constexpr ArgumentType kInterval{
    .words = "time",
    .parse = [](std::span<const std::string_view> words,
                const Context&) { return parse_time(words[0], "interval"); },
};
constexpr ArgumentType kAveraging{
    .words = "time",
    .parse = [](std::span<const std::string_view> words,
                const Context&) { return parse_time(words[0], "ewmalog"); },
};

ir::Argument* find(std::span<ir::Argument> arguments, std::string_view option) {
  const auto found = std::ranges::find(arguments, option, &ir::Argument::option);
  return found == arguments.end() ? nullptr : &*found;
}

Result<EstimatorTimes> times_of(uint64_t interval, uint64_t averaging) {
  const auto log = estimator_interval(interval);
  if (!log) return usage_error("RATEEST: interval value is too large");
  const auto averaging_log = estimator_averaging(interval, averaging);
  if (!averaging_log) return usage_error("RATEEST: ewmalog value is out of range");
  return EstimatorTimes{*log, *averaging_log};
}

// The kernel knows powers of two; -S prints what it has made of the times.
Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  ir::Argument* const interval = find(arguments, "rateest-interval");
  ir::Argument* const averaging = find(arguments, "rateest-ewmalog");
  const auto time = [](const ir::Argument* argument) {
    return argument == nullptr ? 0 : read_time(argument->text).value_or(0);
  };
  const Result<EstimatorTimes> times = times_of(time(interval), time(averaging));
  if (!times) return times.error();
  if (find(arguments, "rateest-name") == nullptr)
    return usage_error("RATEEST: option \"--rateest-name\" must be specified");
  if (interval == nullptr)
    return usage_error("RATEEST: option \"--rateest-interval\" must be specified");
  interval->text = print_time(interval_time(*times));
  averaging->text = print_time(averaging_time(*times));
  return {};
}

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  const auto time = [&](size_t i) { return read_time(arguments[i].text).value_or(0); };
  const Result<EstimatorTimes> times = times_of(time(1), time(2));
  if (!times) return times.error();
  return ir::Action{
      xt_target<xt_rateest_target_info>("RATEEST", 0, [&](xt_rateest_target_info& info) {
        std::ranges::copy(arguments[0].text, info.name);
        info.interval = times->interval;
        info.ewma_log = times->averaging_log;
      })};
}

constexpr Option kOptions[] = {
    {
        .name = "rateest-name",
        .type = &kPlainWord<kLongestName>,
        .negation = Negation::kRefused,
        .list = "name {}",
        .help = "the estimator; rules with the same name share it",
        .sentence = "of the name {}",
    },
    {
        .name = "rateest-interval",
        .type = &kInterval,
        .negation = Negation::kRefused,
        .list = "interval {}",
        .help = "how often it measures: 250ms to 8s",
        .sentence = "every {}",
    },
    {
        .name = "rateest-ewmalog",
        .type = &kAveraging,
        .negation = Negation::kRefused,
        .list = "ewmalog {}",
        .help = "over which time it averages: at least two intervals",
        .sentence = "over {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j RATEEST --rateest-name example --rateest-interval 0.25s "
                "--rateest-ewmalog 600MSECS",
        .canonical = "-p tcp -j RATEEST --rateest-name example --rateest-interval 250.0ms "
                     "--rateest-ewmalog 500.0ms",
        .nft = "[ target RATEEST rev 0 0x6578616d706c65000000000000000000fe010000000000000000000"
               "000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p udp -j RATEEST --rateest-ewmalog 70s --rateest-interval 7000000 "
                "--rateest-name slow",
        .canonical = "-p udp -j RATEEST --rateest-name slow --rateest-interval 8.0s "
                     "--rateest-ewmalog 64.0s",
        .nft = "[ target RATEEST rev 0 0x736c6f7700000000000000000000000003030000000000000000000"
               "000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
    },
};

constexpr Target kRateest{
    .name = "RATEEST",
    .options = kOptions,
    .summary =
        "Lets a rate estimator see the packet, and goes on with the next rule. `-m rateest` asks "
        "it. All rules of one name must give the same times.",
    .sentence = "it is counted by a rate estimator",
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kRateest));

}  // namespace

const Target& row() { return kRateest; }

}  // namespace bulkhead::ext::target_rateest
