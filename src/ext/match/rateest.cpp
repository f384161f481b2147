// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_rateest.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/bit_rate.h"
#include "ext/argument/number.h"
#include "ext/argument/plain_word.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_rateest {
namespace {

// A rate of an estimator is compared with a number (absolute) or with that of another estimator
// (relative); with --rateest-delta, what it lacks to a first number with a second one. The same
// options have two names, and -S prints the one that fits.
struct Comparison {
  std::string first;                  // the estimators
  std::optional<std::string> second;  // relative
  bool delta = false;
  bool bits = false, packets = false;  // which rates
  uint32_t bits1 = 0, bits2 = 0;       // in bytes a second, for all their name
  uint32_t packets1 = 0, packets2 = 0;
  xt_rateest_match_mode mode = XT_RATEEST_MATCH_NONE;
  bool negated = false;
};

struct Mode {
  std::string_view option;
  xt_rateest_match_mode mode;
};
constexpr Mode kModes[] = {
    {"rateest-lt", XT_RATEEST_MATCH_LT},
    {"rateest-gt", XT_RATEEST_MATCH_GT},
    {"rateest-eq", XT_RATEEST_MATCH_EQ},
};

const Mode* mode_of(std::string_view option) {
  const auto* found = std::ranges::find(kModes, option, &Mode::option);
  return found == std::end(kModes) ? nullptr : found;
}

Comparison read(std::span<const ir::Argument> arguments) {
  Comparison read;
  for (const ir::Argument& argument : arguments) {
    const std::string_view option = argument.option;
    const uint32_t bits = bit_rate(argument.text).value_or(0);
    const auto packets = static_cast<uint32_t>(canonical_number(argument.text));
    if (option == "rateest" || option == "rateest1") read.first = argument.text;
    if (option == "rateest2") read.second = argument.text;
    if (option == "rateest-delta") read.delta = true;
    if (option == "rateest-bps1") read.bits1 = bits;
    if (option == "rateest-bps" || option == "rateest-bps2") read.bits2 = bits;
    if (option == "rateest-pps1") read.packets1 = packets;
    if (option == "rateest-pps" || option == "rateest-pps2") read.packets2 = packets;
    read.bits |= option.starts_with("rateest-bps");
    read.packets |= option.starts_with("rateest-pps");
    if (const Mode* mode = mode_of(option)) {
      read.mode = mode->mode;
      read.negated = argument.negated;
    }
  }
  return read;
}

// In the order of rateest_save() of libxt_rateest.c, which prints the mode twice where both rates
// are asked.
std::vector<ir::Argument> written(const Comparison& it) {
  std::vector<ir::Argument> out;
  const auto add = [&](std::string option, std::string text = {}, bool negated = false) {
    out.push_back({std::move(option), negated, std::move(text), {}});
  };
  const bool numbers = it.delta || !it.second;  // of the second rate
  const auto add_rate = [&](std::string name, const std::string& rate1, const std::string& rate2) {
    if (it.delta) add(name + "1", rate1);
    const bool said = std::ranges::any_of(
        out, [](const ir::Argument& argument) { return mode_of(argument.option) != nullptr; });
    const auto* mode = std::ranges::find(kModes, it.mode, &Mode::mode);
    if (!said && mode != std::end(kModes)) add(std::string(mode->option), {}, it.negated);
    add(it.delta ? name + "2" : name, numbers ? rate2 : "");
  };
  if (it.delta) add("rateest-delta");
  if (!it.first.empty()) add(it.second ? "rateest1" : "rateest", it.first);
  if (it.bits) add_rate("rateest-bps", bit_rate_text(it.bits1), bit_rate_text(it.bits2));
  if (it.packets) add_rate("rateest-pps", std::to_string(it.packets1), std::to_string(it.packets2));
  if (it.second) add("rateest2", *it.second);
  return out;
}

bool has_both(std::span<const ir::Argument> arguments, std::string_view a, std::string_view b) {
  const auto has = [&](std::string_view option) {
    return std::ranges::find(arguments, option, &ir::Argument::option) != arguments.end();
  };
  return has(a) && has(b);
}

struct Alias {
  std::string_view one, other;
  std::string_view message;
};
constexpr std::string_view kNameTwice = "rateest: can't specify --rateest1 twice";
constexpr std::string_view kBitsTwice = "rateest: can't specify --rateest-bps2 twice";
constexpr std::string_view kPacketsTwice = "rateest: can't specify --rateest-pps2 twice";
constexpr std::string_view kModeTwice = "rateest: can't specify lt/gt/eq twice";
constexpr Alias kAliases[] = {
    {"rateest", "rateest1", kNameTwice},
    {"rateest-bps", "rateest-bps2", kBitsTwice},
    {"rateest-pps", "rateest-pps2", kPacketsTwice},
    {"rateest-lt", "rateest-gt", kModeTwice},
    {"rateest-lt", "rateest-eq", kModeTwice},
    {"rateest-gt", "rateest-eq", kModeTwice},
};

Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  for (const Alias& alias : kAliases) {
    if (has_both(arguments, alias.one, alias.other)) return usage_error(std::string(alias.message));
  }
  arguments = written(read(arguments));
  return {};
}

// xt_rateest_mt_checkentry() of net/netfilter/xt_rateest.c.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const Comparison it = read(arguments);
  if (it.mode == XT_RATEEST_MATCH_NONE || (!it.bits && !it.packets))
    return kernel_refusal(EINVAL, "match rateest needs a rate and how to compare it");
  if (it.first.empty()) return kernel_refusal(ENOENT, "match rateest needs an estimator");
  ir::Opaque match =
      xt_match<xt_rateest_match_info>("rateest", 0, [&](xt_rateest_match_info& info) {
        std::ranges::copy(it.first, info.name1);
        if (it.second) std::ranges::copy(*it.second, info.name2);
        const auto flag = [&](bool on, int bit) {
          if (on) info.flags = static_cast<uint16_t>(info.flags | bit);
        };
        flag(it.negated, XT_RATEEST_MATCH_INVERT);
        flag(!it.second, XT_RATEEST_MATCH_ABS);
        flag(it.second.has_value(), XT_RATEEST_MATCH_REL);
        flag(it.delta, XT_RATEEST_MATCH_DELTA);
        flag(it.bits, XT_RATEEST_MATCH_BPS);
        flag(it.packets, XT_RATEEST_MATCH_PPS);
        info.mode = static_cast<uint16_t>(it.mode);
        info.bps1 = it.bits1;
        info.pps1 = it.packets1;
        info.bps2 = it.bits2;
        info.pps2 = it.packets2;
      });
  match.stateful = true;  // the estimators go on between two askings
  return ir::Predicate{std::move(match)};
}

std::string list(std::span<const ir::Argument> arguments, bool numeric, const Context&) {
  const Comparison it = read(arguments);
  const auto* found = std::ranges::find(kModes, it.mode, &Mode::mode);
  const std::string mode = fmt::format(" {}{}", it.negated ? "! " : "",
                                       found == std::end(kModes) ? "" : found->option.substr(8));
  const auto rate = [&](uint32_t bytes) {
    return ' ' + (numeric ? std::to_string(bytes) : bit_rate_text(bytes));
  };
  std::string text = "rateest match " + it.first;
  if (it.delta) text += " delta";
  if (it.bits) {
    text += " bps" + (it.delta ? rate(it.bits1) : "");
    if (!it.second) text += rate(it.bits2) + mode;
  }
  if (it.packets) {
    text += " pps" + (it.delta ? fmt::format(" {}", it.packets1) : "");
    if (!it.second) text += fmt::format("{} {}", mode, it.packets2);
  }
  if (!it.second) return text;
  text += mode + ' ' + *it.second;
  if (it.bits) text += " bps" + (it.delta ? rate(it.bits2) : "");
  if (it.packets) text += " pps" + (it.delta ? fmt::format(" {}", it.packets2) : "");
  return text;
}

Result<std::string> parse_bits(std::span<const std::string_view> words, const Context&) {
  if (words.empty()) return std::string();
  const std::optional<uint32_t> rate = bit_rate(words[0]);
  if (!rate) return usage_error(fmt::format("rateest: could not parse rate `{}'", words[0]));
  return bit_rate_text(*rate);
}

Result<std::string> parse_packets(std::span<const std::string_view> words, const Context&) {
  if (words.empty()) return std::string();
  const std::optional<uint64_t> rate = whole_number(words[0], 0, UINT32_MAX);
  if (!rate) return usage_error(fmt::format("rateest: could not parse pps `{}'", words[0]));
  return std::to_string(*rate);
}

constexpr ArgumentType kBits{
    .words = "[rate]", .count = 0, .optional_word = true, .parse = parse_bits};
constexpr ArgumentType kPackets{
    .words = "[number]", .count = 0, .optional_word = true, .parse = parse_packets};
constexpr ArgumentType kEstimator = kPlainWord<IFNAMSIZ - 1>;

constexpr std::string_view kNameInverted = "rateest: rateest can't be inverted";
constexpr std::string_view kBitsInverted = "rateest: rateest-bps can't be inverted";
constexpr std::string_view kPacketsInverted = "rateest: rateest-pps can't be inverted";

constexpr Option refused(std::string_view name, const ArgumentType& type, std::string_view twice,
                         std::string_view inverted, std::string_view help,
                         std::string_view sentence) {
  return {.name = name,
          .type = &type,
          .negation = Negation::kRefused,
          .twice = twice,
          .inverted = inverted,
          .help = help,
          .sentence = sentence};
}

constexpr Option mode_option(std::string_view name, std::string_view help,
                             std::string_view sentence) {
  return {.name = name, .type = &kFlag, .twice = kModeTwice, .help = help, .sentence = sentence};
}

constexpr Option kOptions[] = {
    refused("rateest-delta", kFlag, "rateest: can't specify --rateest-delta twice",
            "rateest: rateest-delta can't be inverted",
            "compare what the estimators lack to the rates given", "by what it lacks"),
    refused("rateest", kEstimator, kNameTwice, kNameInverted, "the estimator",
            "the rate of the estimator {}"),
    refused("rateest1", kEstimator, kNameTwice, kNameInverted, "the same, beside --rateest2",
            "the rate of the estimator {}"),
    refused("rateest-bps1", kBits, "rateest: can't specify --rateest-bps1 twice", kBitsInverted,
            "with --rateest-delta: what the first estimator lacks to this", "from {}"),
    refused("rateest-pps1", kPackets, "rateest: can't specify --rateest-pps1 twice",
            kPacketsInverted, "the same in packets a second", "from {} packets a second"),
    mode_option("rateest-lt", "the first is less", "is {not }less than"),
    mode_option("rateest-gt", "the first is greater", "is {not }greater than"),
    mode_option("rateest-eq", "both are the same", "is {not }the same as"),
    refused("rateest-bps", kBits, kBitsTwice, kBitsInverted,
            "the rate to compare with, in bits a second (5mbit) or bytes (1KBps)", "{}"),
    refused("rateest-bps2", kBits, kBitsTwice, kBitsInverted,
            "with --rateest-delta: what the second estimator lacks to this, or the rate itself",
            "{}"),
    refused("rateest-pps", kPackets, kPacketsTwice, kPacketsInverted,
            "the rate to compare with in packets a second", "{} packets a second"),
    refused("rateest-pps2", kPackets, kPacketsTwice, kPacketsInverted,
            "with --rateest-delta: the same as --rateest-bps2 in packets a second",
            "{} packets a second"),
    refused("rateest2", kEstimator, "rateest: can't specify --rateest2 twice", kNameInverted,
            "the estimator to compare with", "that of the estimator {}"),
};

constexpr Example example(std::string_view rule, std::string_view canonical, std::string_view nft) {
  return {.rule = rule,
          .canonical = canonical,
          .nft = nft,
          .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
          .miss = "udp 192.0.2.1:40000 > 192.0.2.2:54",
          .shown_by = "rateest_test.cpp"};
}

constexpr Example kExamples[] = {
    example("-m rateest --rateest-bps 5kbit --rateest1 RE1 --rateest-gt",
            "-m rateest --rateest RE1 --rateest-gt --rateest-bps 5000bit",
            "[ match rateest rev 0 "
            "0x524531000000000000000000000000000000000000000000000000000000000012000300000000000000"
            "000071020000000000000000000000000000000000000000000000000000 ]"),
    example("-m rateest --rateest RE1 ! --rateest-lt --rateest-pps 5",
            "-m rateest --rateest RE1 ! --rateest-lt --rateest-pps 5",
            "[ match rateest rev 0 "
            "0x524531000000000000000000000000000000000000000000000000000000000023000200000000000000"
            "000000000000050000000000000000000000000000000000000000000000 ]"),
    example("-m rateest --rateest-delta --rateest RE1 --rateest-bps1 1mbit ! --rateest-eq "
            "--rateest-bps2 1.5MBps",
            "-m rateest --rateest-delta --rateest RE1 --rateest-bps1 1000Kbit ! --rateest-eq "
            "--rateest-bps2 12000Kbit",
            "[ match rateest rev 0 "
            "0x52453100000000000000000000000000000000000000000000000000000000001b00010048e801000000"
            "000060e31600000000000000000000000000000000000000000000000000 ]"),
    example("-m rateest --rateest1 RE1 --rateest-lt --rateest-bps --rateest2 RE2",
            "-m rateest --rateest1 RE1 --rateest-lt --rateest-bps --rateest2 RE2",
            "[ match rateest rev 0 "
            "0x5245310000000000000000000000000052453200000000000000000000000000140002(37 zeros) ]"),
    example("-m rateest --rateest-delta --rateest1 RE1 --rateest-pps1 0 --rateest-eq "
            "--rateest-pps2 0x2a --rateest2 RE2",
            "-m rateest --rateest-delta --rateest1 RE1 --rateest-pps1 0 --rateest-eq "
            "--rateest-pps2 42 --rateest2 RE2",
            "[ match rateest rev 0 "
            "0x52453100000000000000000000000000524532000000000000000000000000002c000100000000000000"
            "0000000000002a0000000000000000000000000000000000000000000000 ]"),
    example("-m rateest --rateest RE1 ! --rateest-gt --rateest-bps 8 --rateest-pps 2",
            "-m rateest --rateest RE1 ! --rateest-gt --rateest-bps 8bit --rateest-pps 2",
            "[ match rateest rev 0 "
            "0x524531000000000000000000000000000000000000000000000000000000000033000300000000000000"
            "000001000000020000000000000000000000000000000000000000000000 ]"),
};

constexpr Match kRateest{
    .name = "rateest",
    .options = kOptions,
    .summary = "Compares rates that the target RATEEST estimates, with numbers or each other.",
    .list = list,
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kRateest));

}  // namespace

const Match& row() { return kRateest; }

}  // namespace bulkhead::ext::match_rateest
