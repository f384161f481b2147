// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_set.h>

#include <fmt/format.h>

#include "ext/argument/ip_set.h"
#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_set {
namespace {

Result<std::string> parse_count(std::span<const std::string_view> words, const Context&) {
  if (const auto count = whole_number(words[0], 0, UINT64_MAX)) return fmt::format("{}", *count);
  return usage_error(fmt::format("Cannot parse {} as a counter value", words[0]));
}

constexpr ArgumentType kCount{.words = "number", .parse = parse_count};

struct Comparison {
  std::string_view option;
  ip_set_counter_match xt_set_info_match_v4::*counter;
  uint8_t op;
  uint8_t negated_op;
};

constexpr Comparison kComparisons[] = {
    {"packets-eq", &xt_set_info_match_v4::packets, IPSET_COUNTER_EQ, IPSET_COUNTER_NE},
    {"packets-lt", &xt_set_info_match_v4::packets, IPSET_COUNTER_LT, IPSET_COUNTER_NONE},
    {"packets-gt", &xt_set_info_match_v4::packets, IPSET_COUNTER_GT, IPSET_COUNTER_NONE},
    {"bytes-eq", &xt_set_info_match_v4::bytes, IPSET_COUNTER_EQ, IPSET_COUNTER_NE},
    {"bytes-lt", &xt_set_info_match_v4::bytes, IPSET_COUNTER_LT, IPSET_COUNTER_NONE},
    {"bytes-gt", &xt_set_info_match_v4::bytes, IPSET_COUNTER_GT, IPSET_COUNTER_NONE},
};

struct Flag {
  std::string_view option;
  uint32_t bit;
};

// Of the updates, those that are kept are negated.
constexpr Flag kFlags[] = {
    {"return-nomatch", IPSET_FLAG_RETURN_NOMATCH},
    {"update-counters", IPSET_FLAG_SKIP_COUNTER_UPDATE},
    {"update-subcounters", IPSET_FLAG_SKIP_SUBCOUNTER_UPDATE},
};

void fill(xt_set_info_match_v4& info, const ir::Argument& argument, uint16_t number) {
  for (const Flag& flag : kFlags) {
    if (argument.option == flag.option) info.flags |= flag.bit;
  }
  for (const Comparison& comparison : kComparisons) {
    if (argument.option != comparison.option) continue;
    ip_set_counter_match& counter = info.*comparison.counter;
    counter.op = argument.negated ? comparison.negated_op : comparison.op;
    counter.value = canonical_number(argument.text);
  }
  if (argument.option != "match-set") return;
  const IpSetUse use = read_ip_set(argument.text);
  info.match_set.index = number;
  info.match_set.dim = use.parts;
  info.match_set.flags = use.sources;
  if (argument.negated) info.match_set.flags |= IPSET_INV_MATCH;
}

// The kernel counts anyway.
Result<void> drop_what_holds_anyway(std::vector<ir::Argument>& arguments, const Context&) {
  std::erase_if(arguments, [](const ir::Argument& argument) {
    return !argument.negated && argument.option.starts_with("update-");
  });
  return {};
}

// The kernel knows a set by its number, which is looked up each time that the rule is read. It
// can't have become another one meanwhile: a set that a rule asks for can be neither destroyed nor
// renamed, and `ipset swap` leaves name and number together.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  uint16_t number = 0;
  for (const ir::Argument& argument : arguments) {
    if (argument.option != "match-set") continue;
    const Result<uint16_t> found =
        context.names->ip_set(context.family, read_ip_set(argument.text).set);
    if (!found) {
      Error error = found.error();
      error.span = argument.span;
      return error;
    }
    number = *found;
  }
  ir::Opaque match = xt_match<xt_set_info_match_v4>("set", 4, [&](xt_set_info_match_v4& info) {
    for (const ir::Argument& argument : arguments) fill(info, argument, number);
  });
  // It counts in the set, and other rules may add to it.
  match.stateful = true;
  return ir::Predicate{std::move(match)};
}

constexpr uint8_t kPackets = 1;
constexpr uint8_t kBytes = 2;
constexpr std::string_view kOnlyOnePackets = "only one of the --packets-[eq|lt|gt] is allowed";
constexpr std::string_view kOnlyOneBytes = "only one of the --bytes-[eq|lt|gt] is allowed";

constexpr Option kOptions[] = {
    {
        .name = "match-set",
        .type = &kIpSet,
        .twice = "--match-set can be specified only once",
        .list = "{! }match-set {}",
        .help = "the set has this part of the packet: one word for each part of an element",
        .sentence = "the set {} does {not }have it",
    },
    {
        .name = "set",
        .type = &kIpSet,
        .stands_for = "match-set",
        .warning = [](std::string_view) -> std::string {
          return "--set option deprecated, please use --match-set";
        },
        .help = "the old name of --match-set",
    },
    {
        .name = "return-nomatch",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .modifier = true,
        .inverted = "--return-nomatch flag cannot be inverted",
        .list = "return-nomatch",
        .help = "what the set has as `nomatch' counts as had, all else as not",
        .sentence = "as an exception",
    },
    {
        .name = "update-counters",
        .type = &kFlag,
        .modifier = true,
        .list = "{! }update-counters",
        .help = "the element's counters count the packet (they do anyway, unless negated)",
        .sentence = "its counters count it{ not}",
    },
    {
        .name = "update-subcounters",
        .type = &kFlag,
        .modifier = true,
        .list = "{! }update-subcounters",
        .help = "in a set of sets, the counters of the inner set do (they do anyway)",
        .sentence = "the inner set's counters count it{ not}",
    },
    {
        .name = "packets-eq",
        .type = &kCount,
        .group = kPackets,
        .modifier = true,
        .twice = kOnlyOnePackets,
        .list = "{! }packets-eq {}",
        .help = "the element has counted this many packets",
        .sentence = "its element has {not }counted {} packets",
    },
    {
        .name = "packets-lt",
        .type = &kCount,
        .negation = Negation::kRefused,
        .group = kPackets,
        .modifier = true,
        .twice = kOnlyOnePackets,
        .inverted = "--packets-lt option cannot be inverted",
        .list = "packets-lt {}",
        .help = "the element has counted fewer packets",
        .sentence = "its element has counted fewer than {} packets",
    },
    {
        .name = "packets-gt",
        .type = &kCount,
        .negation = Negation::kRefused,
        .group = kPackets,
        .modifier = true,
        .twice = kOnlyOnePackets,
        .inverted = "--packets-gt option cannot be inverted",
        .list = "packets-gt {}",
        .help = "the element has counted more packets",
        .sentence = "its element has counted more than {} packets",
    },
    {
        .name = "bytes-eq",
        .type = &kCount,
        .group = kBytes,
        .modifier = true,
        .twice = kOnlyOneBytes,
        .list = "{! }bytes-eq {}",
        .help = "the element has counted this many bytes",
        .sentence = "its element has {not }counted {} bytes",
    },
    {
        .name = "bytes-lt",
        .type = &kCount,
        .negation = Negation::kRefused,
        .group = kBytes,
        .modifier = true,
        .twice = kOnlyOneBytes,
        .inverted = "--bytes-lt option cannot be inverted",
        .list = "bytes-lt {}",
        .help = "the element has counted fewer bytes",
        .sentence = "its element has counted fewer than {} bytes",
    },
    {
        .name = "bytes-gt",
        .type = &kCount,
        .negation = Negation::kRefused,
        .group = kBytes,
        .modifier = true,
        .twice = kOnlyOneBytes,
        .inverted = "--bytes-gt option cannot be inverted",
        .list = "bytes-gt {}",
        .help = "the element has counted more bytes",
        .sentence = "its element has counted more than {} bytes",
    },
};

constexpr std::string_view kHit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0";
constexpr std::string_view kMiss = "udp 192.0.2.9:40000 > 192.0.2.2:53 in eth0";
// There is no set where the examples are shown; the test makes some.
constexpr std::string_view kShownBy = "set_test.cpp";

constexpr Example kExamples[] = {
    {
        .rule = "-m set --match-set blocked src",
        .canonical = "-m set --match-set blocked src",
        .nft = "[ match set rev 4 0x05000102(44 zeros) ]",
        .hit = kHit,
        .miss = kMiss,
        .shown_by = kShownBy,
    },
    {
        .rule = "-m set ! --match-set blocked src,dst --return-nomatch",
        .canonical = "-m set ! --match-set blocked src,dst --return-nomatch",
        .nft = "[ match set rev 4 0x05000203(36 zeros)8000000000000000 ]",
        .hit = kMiss,
        .miss = kHit,
        .shown_by = kShownBy,
    },
    {
        .rule = "-m set --bytes-lt 0x10 --packets-eq 1 --match-set blocked dst --update-counters",
        .canonical = "-m set --match-set blocked dst --packets-eq 1 --bytes-lt 16",
        .nft = "[ match set rev 4 0x0500010000000000010000000000000001000000000000001000000000000"
               "00003000000000000000000000000000000 ]",
        .hit = kHit,
        .miss = kMiss,
        .shown_by = kShownBy,
    },
    {
        .rule = "-m set --match-set blocked dst ! --packets-eq 1 ! --update-counters "
                "! --update-subcounters --bytes-gt 3000000000",
        .canonical = "-m set --match-set blocked dst ! --update-counters ! --update-subcounters "
                     "! --packets-eq 1 --bytes-gt 3000000000",
        .nft = "[ match set rev 4 0x050001000000000001000000000000000200000000000000005ed0b200000"
               "00004000000000000001800000000000000 ]",
        .hit = kHit,
        .miss = kMiss,
        .shown_by = kShownBy,
    },
    {
        .rule = "-m set --match-set blocked src --packets-lt 5 ! --bytes-eq 100",
        .canonical = "-m set --match-set blocked src --packets-lt 5 ! --bytes-eq 100",
        .nft = "[ match set rev 4 0x0500010200000000050000000000000003000000000000006400000000000"
               "00002000000000000000000000000000000 ]",
        .hit = kHit,
        .miss = kMiss,
        .shown_by = kShownBy,
    },
    {
        .rule = "-m set --match-set blocked src --packets-gt 5 --bytes-eq 100",
        .canonical = "-m set --match-set blocked src --packets-gt 5 --bytes-eq 100",
        .nft = "[ match set rev 4 0x0500010200000000050000000000000004000000000000006400000000000"
               "00001000000000000000000000000000000 ]",
        .hit = kHit,
        .miss = kMiss,
        .shown_by = kShownBy,
    },
};

constexpr Match kSet{
    .name = "set",
    .options = kOptions,
    .bare_error = "You must specify `--match-set' with proper arguments",
    .summary =
        "Looks a part of the packet up in a set that ipset(8) has made: its addresses, ports, "
        "interfaces, as the set's type has them. The set must be there before the rule, and can't "
        "be destroyed as long as the rule is.",
    .settle = drop_what_holds_anyway,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kSet));

}  // namespace

const Match& row() { return kSet; }

}  // namespace bulkhead::ext::match_set
