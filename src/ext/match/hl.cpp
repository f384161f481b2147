// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/hop_limit.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_hl {
namespace {

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  return list_hop_limit("HL match HL", arguments.front());
}

constexpr std::string_view kEqualAliases[] = {"hl"};
constexpr uint8_t kOnlyOne = 1;

// In the order in which iptables finds out which of them don't go together.
constexpr Option kOptions[] = {
    {
        .name = "hl-lt",
        .type = &kHopLimitBelow,
        .field = &ir::kHopLimit,
        .negation = Negation::kRefused,
        .group = kOnlyOne,
        .help = "the hop limit is lower",
        .sentence = "its hop limit is below {}",
    },
    {
        .name = "hl-gt",
        .type = &kHopLimitAbove,
        .field = &ir::kHopLimit,
        .negation = Negation::kRefused,
        .group = kOnlyOne,
        .help = "the hop limit is higher",
        .sentence = "its hop limit is above {}",
    },
    {
        .name = "hl-eq",
        .aliases = kEqualAliases,
        .called = "hl-eq",
        .type = &kHopLimitIs,
        .field = &ir::kHopLimit,
        .group = kOnlyOne,
        .help = "the hop limit is this",
        .sentence = "its hop limit is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m hl --hl 5",
        .canonical = "-m hl --hl-eq 5",
        .nft = "[ payload load 1b @ network + 7 => reg 1 ]\n"
               "[ cmp eq reg 1 0x05 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ttl 5",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ttl 6",
    },
    {
        .rule = "-m hl ! --hl-eq 0x40",
        .canonical = "-m hl ! --hl-eq 64",
        .nft = "[ payload load 1b @ network + 7 => reg 1 ]\n"
               "[ cmp neq reg 1 0x40 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ttl 63",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
    {
        .rule = "-m hl --hl-lt 5",
        .canonical = "-m hl --hl-lt 5",
        .nft = "[ payload load 1b @ network + 7 => reg 1 ]\n"
               "[ cmp lte reg 1 0x04 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ttl 4",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ttl 5",
    },
    {
        .rule = "-m hl --hl-gt 5",
        .canonical = "-m hl --hl-gt 5",
        .nft = "[ payload load 1b @ network + 7 => reg 1 ]\n"
               "[ cmp gte reg 1 0x06 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ttl 6",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ttl 5",
    },
};

constexpr Match kHl{
    .name = "hl",
    .families = Families::kIpv6,
    .options = kOptions,
    .bare_error = "HL match: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'",
    .summary = "Looks at the hop limit in the IPv6 header.",
    .list = list,
    .examples = kExamples,
};
static_assert(well_formed(kHl));

}  // namespace

const Match& row() { return kHl; }

}  // namespace bulkhead::ext::match_hl
