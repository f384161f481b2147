// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_statistic.h>

#include <cmath>
#include <cstdlib>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_statistic {
namespace {

// Of the kernel's random numbers, which have 31 bits, so many hold.
constexpr double kAlways = 0x80000000;

std::optional<uint32_t> read_probability(std::string_view text) {
  const std::string terminated(text);
  char* end = nullptr;
  const double value = std::strtod(terminated.c_str(), &end);
  if (end == terminated.c_str() || *end != '\0' || !(value >= 0 && value <= 1)) return std::nullopt;
  return static_cast<uint32_t>(std::lround(kAlways * value));
}

Result<std::string> parse_probability(std::span<const std::string_view> words,
                                      const Context& context) {
  if (const std::optional<uint32_t> probability = read_probability(words[0]))
    return fmt::format("{:.11f}", *probability / kAlways);
  return usage_error(fmt::format("{}: bad value for option \"--{}\", or out of range (0-1).",
                                 context.row, context.option));
}

Result<std::string> parse_mode(std::span<const std::string_view> words, const Context&) {
  if (words[0] == "random" || words[0] == "nth") return std::string(words[0]);
  return usage_error(fmt::format("Bad mode \"{}\"", words[0]));
}

constexpr ArgumentType kProbability{.words = "probability", .parse = parse_probability};
constexpr ArgumentType kMode{.words = "random|nth", .parse = parse_mode};

struct Arguments {
  bool nth = false;
  const ir::Argument* probability = nullptr;
  const ir::Argument* every = nullptr;
  uint64_t packet = 0;
};

Arguments read(std::span<const ir::Argument> arguments) {
  Arguments given;
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "mode") given.nth = argument.text == "nth";
    if (argument.option == "probability") given.probability = &argument;
    if (argument.option == "every") given.every = &argument;
    if (argument.option == "packet") given.packet = canonical_number(argument.text);
  }
  return given;
}

// The kernel's own match also for `random`, whose `meta random` of nf_tables has other numbers.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const Arguments given = read(arguments);
  if (!given.nth && given.probability == nullptr)
    return usage_error("--probability must be specified when using random mode");
  if (given.nth && given.every == nullptr)
    return usage_error("--every and --packet must be specified when using nth mode");
  const uint64_t every = given.nth ? canonical_number(given.every->text) : 1;
  if (given.packet >= every) return usage_error("the --packet p must be 0 <= p <= n-1");
  const ir::Argument& asked = given.nth ? *given.every : *given.probability;
  return ir::Predicate{
      xt_match_with_memory<xt_statistic_info>("statistic", 0, [&](xt_statistic_info& info) {
        info.mode = given.nth ? XT_STATISTIC_MODE_NTH : XT_STATISTIC_MODE_RANDOM;
        if (asked.negated) info.flags |= XT_STATISTIC_INVERT;
        if (given.nth) {
          info.u.nth.every = static_cast<uint32_t>(every - 1);
          info.u.nth.packet = static_cast<uint32_t>(given.packet);
          info.u.nth.count = info.u.nth.every - info.u.nth.packet;
        } else {
          info.u.random.probability = *read_probability(asked.text);
        }
      })};
}

constexpr std::string_view kOfNth[] = {"every", "packet"};
constexpr std::string_view kOfRandom[] = {"probability"};

constexpr Option kOptions[] = {
    {
        .name = "mode",
        .type = &kMode,
        .negation = Negation::kRefused,
        .required = true,
        .list = "mode {}",
        .help = "by chance, or one packet of so many",
        .sentence = "by the mode {}",
    },
    {
        .name = "probability",
        .type = &kProbability,
        .excludes = kOfNth,
        .list = "{! }probability {}",
        .help = "random: how probable it is, from 0 to 1",
        .sentence = "chance will have it {not }with a probability of {}",
    },
    {
        .name = "every",
        .type = &kNumber<1, UINT32_MAX>,
        .excludes = kOfRandom,
        .also = "packet",
        .list = "{! }every {}",
        .help = "nth: one of so many packets",
        .sentence = "it is {not }one of {}",
    },
    {
        .name = "packet",
        .type = &kNumber<0, UINT32_MAX>,
        .negation = Negation::kRefused,
        .excludes = kOfRandom,
        .also = "every",
        .fallback = "0",
        .fallback_kept = true,
        .list = "packet {}",
        .help = "nth: after so many that are not",
        .sentence = "after {} that are not",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -m statistic --mode random --probability 1",
        .canonical = "-p udp -m statistic --mode random --probability 1.00000000000",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match statistic rev 0 0x000000000000008000000000000000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p udp -m statistic --mode random ! --probability 1e-10",
        .canonical = "-p udp -m statistic --mode random ! --probability 0.00000000000",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match statistic rev 0 0x000001000000000000000000000000000000000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
    // The second of two.
    {
        .rule = "-p udp -m statistic --mode nth --every 2 --packet 1",
        .canonical = "-p udp -m statistic --mode nth --every 2 --packet 1",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match statistic rev 0 0x010000000100000001000000000000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
        .before = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    // All but the first of three.
    {
        .rule = "-p udp -m statistic --mode nth ! --every 3 --packet 0",
        .canonical = "-p udp -m statistic --mode nth ! --every 3 --packet 0",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match statistic rev 0 0x010001000200000000000000020000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
        .before = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
};

constexpr Match kStatistic{
    .name = "statistic",
    .options = kOptions,
    .list_name = "statistic",
    .bare_error = "--probability must be specified when using random mode",
    .summary = "Takes packets by chance, or every so many one of those that the rule is asked of.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kStatistic));

}  // namespace

const Match& row() { return kStatistic; }

}  // namespace bulkhead::ext::match_statistic
