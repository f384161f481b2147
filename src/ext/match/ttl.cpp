// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/hop_limit.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_ttl {
namespace {

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  return list_hop_limit("TTL match TTL", arguments.front());
}

constexpr std::string_view kEqualAliases[] = {"ttl"};
constexpr uint8_t kOnlyOne = 1;

// In the order in which iptables finds out which of them don't go together.
constexpr Option kOptions[] = {
    {
        .name = "ttl-lt",
        .type = &kHopLimitBelow,
        .field = &ir::kHopLimit,
        .negation = Negation::kRefused,
        .group = kOnlyOne,
        .help = "the time to live is lower",
        .sentence = "its time to live is below {}",
    },
    {
        .name = "ttl-gt",
        .type = &kHopLimitAbove,
        .field = &ir::kHopLimit,
        .negation = Negation::kRefused,
        .group = kOnlyOne,
        .help = "the time to live is higher",
        .sentence = "its time to live is above {}",
    },
    {
        .name = "ttl-eq",
        .aliases = kEqualAliases,
        .called = "ttl-eq",
        .type = &kHopLimitIs,
        .field = &ir::kHopLimit,
        .group = kOnlyOne,
        .help = "the time to live is this",
        .sentence = "its time to live is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m ttl --ttl 5",
        .canonical = "-m ttl --ttl-eq 5",
        .nft = "[ payload load 1b @ network + 8 => reg 1 ]\n"
               "[ cmp eq reg 1 0x05 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 ttl 5",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 ttl 6",
    },
    {
        .rule = "-m ttl ! --ttl-eq 0x40",
        .canonical = "-m ttl ! --ttl-eq 64",
        .nft = "[ payload load 1b @ network + 8 => reg 1 ]\n"
               "[ cmp neq reg 1 0x40 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 ttl 63",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-m ttl --ttl-lt 5",
        .canonical = "-m ttl --ttl-lt 5",
        .nft = "[ payload load 1b @ network + 8 => reg 1 ]\n"
               "[ cmp lte reg 1 0x04 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 ttl 4",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 ttl 5",
    },
    {
        .rule = "-m ttl --ttl-gt 5",
        .canonical = "-m ttl --ttl-gt 5",
        .nft = "[ payload load 1b @ network + 8 => reg 1 ]\n"
               "[ cmp gte reg 1 0x06 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 ttl 6",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 ttl 5",
    },
};

constexpr Match kTtl{
    .name = "ttl",
    .families = Families::kIpv4,
    .options = kOptions,
    .bare_error = "TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt",
    .summary = "Looks at the time to live in the IPv4 header.",
    .list = list,
    .examples = kExamples,
};
static_assert(well_formed(kTtl));

}  // namespace

const Match& row() { return kTtl; }

}  // namespace bulkhead::ext::match_ttl
