// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/mark_mask.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_connmark {
namespace {

// The field is unreadable without a connection, so that neither the option nor its negation holds:
// connmark_mt() of net/netfilter/xt_connmark.c.
constexpr Option kOptions[] = {
    {
        .name = "mark",
        .type = &kMarkMask,
        .field = &ir::kConnectionMark,
        .required = true,
        // iptables writes two spaces where there is no '!'.
        .list = "{!} {}",
        .help = "the connection's mark, or those of its bits that the mask has",
        .sentence = "its connection's mark is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m connmark --mark 16",
        .canonical = "-m connmark --mark 0x10",
        .nft = "[ ct load mark => reg 1 ]\n"
               "[ cmp eq reg 1 0x10000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 ctmark 0x10",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 mark 0x10",
    },
    {
        .rule = "-m connmark ! --mark 0x10/0xf0",
        .canonical = "-m connmark ! --mark 0x10/0xf0",
        .nft = "[ ct load mark => reg 1 ]\n"
               "[ bitwise reg 1 & 0xf0000000 ^ 0x00000000 ]\n"
               "[ cmp neq reg 1 0x10000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 ctmark 0x30",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 ctmark 0x1f",
    },
    // Without a connection there is no mark that could be another.
    {
        .rule = "-m connmark ! --mark 0x10",
        .canonical = "-m connmark ! --mark 0x10",
        .nft = "[ ct load mark => reg 1 ]\n"
               "[ cmp neq reg 1 0x10000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 198.51.100.1:40000 > 192.0.2.2:53 untracked",
    },
    {
        .rule = "-m connmark ! --mark 5/3",
        .canonical = "-m connmark ! --mark 0x5/0x3",
        .nft = "[ ct load mark => reg 1 ]\n"
               "[ cmp gte reg 1 0x00000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ctmark 5",
        .miss = "udp [2001:db8:ffff::1]:40000 > [2001:db8::2]:53 untracked",
    },
};

constexpr Match kConnmark{
    .name = "connmark",
    .options = kOptions,
    .list_name = "connmark match",
    .summary =
        "Looks at the mark that other rules have put on the packet's connection. Holds for no "
        "packet that isn't tracked, negated or not.",
    .examples = kExamples,
};
static_assert(well_formed(kConnmark));

}  // namespace

const Match& row() { return kConnmark; }

}  // namespace bulkhead::ext::match_connmark
