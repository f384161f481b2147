// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_connbytes.h>

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/number_range.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_connbytes {
namespace {

struct Choice {
  std::string_view word;
  uint8_t value;
};

constexpr Choice kModes[] = {
    {"packets", XT_CONNBYTES_PKTS},
    {"bytes", XT_CONNBYTES_BYTES},
    {"avgpkt", XT_CONNBYTES_AVGPKT},
};
constexpr Choice kDirections[] = {
    {"original", XT_CONNBYTES_DIR_ORIGINAL},
    {"reply", XT_CONNBYTES_DIR_REPLY},
    {"both", XT_CONNBYTES_DIR_BOTH},
};

Result<std::string> parse_choice(std::span<const Choice> choices, std::string_view word,
                                 const Context& context) {
  if (std::ranges::find(choices, word, &Choice::word) != choices.end()) return std::string(word);
  return usage_error(fmt::format("Unknown --{} `{}'", context.option, word));
}

constexpr ArgumentType kMode{
    .words = "packets|bytes|avgpkt",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_choice(kModes, words[0], context); },
};
constexpr ArgumentType kDirection{
    .words = "original|reply|both",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) { return parse_choice(kDirections, words[0], context); },
};

// "5:9", and "5" for what is from 5 on.
Result<std::string> parse_counts(std::span<const std::string_view> words, const Context& context) {
  const Result<TypedRange> range = parse_typed_range(words[0], UINT64_MAX, context);
  if (!range) return range.error();
  const uint64_t last = range->last.value_or(UINT64_MAX);
  if (last < range->first)
    return usage_error(fmt::format("{} should be less than {}", range->first, last));
  if (last == UINT64_MAX) return std::to_string(range->first);
  return fmt::format("{}:{}", range->first, last);
}

NumberRange read_counts(std::string_view canonical) {
  if (canonical.find(':') != std::string_view::npos) return read_number_range(canonical);
  return {canonical_number(canonical), UINT64_MAX};
}

std::string say_counts(std::string_view canonical, const Context&) {
  const NumberRange counts = read_counts(canonical);
  if (counts.last == UINT64_MAX) return fmt::format("{} or more", counts.first);
  if (counts.first == counts.last) return std::to_string(counts.first);
  return fmt::format("{} to {}", counts.first, counts.last);
}

constexpr ArgumentType kCounts{
    .words = "number[:number]",
    .parse = parse_counts,
    .say = say_counts,
};

struct Arguments {
  const ir::Argument* counts = nullptr;
  const ir::Argument* mode = nullptr;
  const ir::Argument* direction = nullptr;
};

Arguments read(std::span<const ir::Argument> arguments) {
  Arguments given;
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "connbytes") given.counts = &argument;
    if (argument.option == "connbytes-mode") given.mode = &argument;
    if (argument.option == "connbytes-dir") given.direction = &argument;
  }
  return given;
}

// The kernel's own match: `ct bytes` of nf_tables doesn't turn the accounting of the namespace on.
// It only looks at what the connection has counted.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const Arguments given = read(arguments);
  // Missing, it is what iptables speaks of last.
  if (given.mode == nullptr)
    return usage_error("connbytes: option \"--connbytes-mode\" must be specified");
  const NumberRange counts = read_counts(given.counts->text);
  const bool negated = given.counts->negated;
  // The kernel takes a range from high to low for a negated one, so one number can't be negated.
  if (negated && counts.first == counts.last) {
    return usage_error(
        fmt::format("connbytes: the kernel can't tell all but {} from it", counts.first));
  }
  return ir::Predicate{xt_match<xt_connbytes_info>("connbytes", 0, [&](xt_connbytes_info& info) {
    info.count.from = negated ? counts.last : counts.first;
    info.count.to = negated ? counts.first : counts.last;
    info.what = std::ranges::find(kModes, given.mode->text, &Choice::word)->value;
    info.direction = std::ranges::find(kDirections, given.direction->text, &Choice::word)->value;
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "connbytes",
        .type = &kCounts,
        .required = true,
        .list = "{! }connbytes {}",
        .help = "how much the connection has had so far: from the one to the other, or from the "
                "one on",
        .sentence = "its connection has {not }had {}",
    },
    {
        .name = "connbytes-mode",
        .type = &kMode,
        .negation = Negation::kRefused,
        .list = "connbytes mode {}",
        .help = "what is counted: packets, bytes, or bytes a packet on average",
        .sentence = "in {}",
    },
    {
        .name = "connbytes-dir",
        .type = &kDirection,
        .negation = Negation::kRefused,
        .required = true,
        .list = "connbytes direction {}",
        .help = "of the packets that go as the first one did, of the replies, or of both",
        .sentence = "in direction {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m connbytes --connbytes 2: --connbytes-dir original --connbytes-mode packets",
        .canonical = "-m connbytes --connbytes 2 --connbytes-mode packets --connbytes-dir original",
        .nft = "[ match connbytes rev 0 0x0200000000000000ffffffffffffffff0000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40001 > 192.0.2.2:53",
        .before = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-m connbytes ! --connbytes :99 --connbytes-mode bytes --connbytes-dir both",
        .canonical = "-m connbytes ! --connbytes 0:99 --connbytes-mode bytes --connbytes-dir both",
        .nft = "[ match connbytes rev 0 0x630000000000000000000000000000000102000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 length 100",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 length 99",
    },
    {
        .rule = "-m connbytes --connbytes 100:200 --connbytes-mode avgpkt --connbytes-dir reply",
        .canonical =
            "-m connbytes --connbytes 100:200 --connbytes-mode avgpkt --connbytes-dir reply",
        .nft = "[ match connbytes rev 0 0x6400000000000000c8000000000000000201000000000000 ]",
        .hit = "udp 192.0.2.2:53 > 192.0.2.1:40000 out eth0 length 200",
        .miss = "udp 192.0.2.2:53 > 192.0.2.1:40000 out eth0 length 201",
        .before = "udp 192.0.2.1:40000 > 192.0.2.2:53 length 150",
    },
};

constexpr Match kConnbytes{
    .name = "connbytes",
    .options = kOptions,
    .summary =
        "How much the packet's connection has transferred, the packet included. Turns on the "
        "accounting of connections (net.netfilter.nf_conntrack_acct); those that were there before "
        "aren't counted, and hold never but for 0.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kConnbytes));

}  // namespace

const Match& row() { return kConnbytes; }

}  // namespace bulkhead::ext::match_connbytes
