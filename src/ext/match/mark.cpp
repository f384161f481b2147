// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/mark_mask.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_mark {
namespace {

constexpr Option kOptions[] = {
    {
        .name = "mark",
        .type = &kMarkMask,
        .field = &ir::kPacketMark,
        .required = true,
        .list = "{! }{}",
        .help = "the mark, or those of its bits that the mask has",
        .sentence = "its mark is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m mark --mark 16",
        .canonical = "-m mark --mark 0x10",
        .nft = "[ meta load mark => reg 1 ]\n"
               "[ cmp eq reg 1 0x10000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 mark 0x10",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 mark 0x11",
    },
    {
        .rule = "-m mark ! --mark 0x10",
        .canonical = "-m mark ! --mark 0x10",
        .nft = "[ meta load mark => reg 1 ]\n"
               "[ cmp neq reg 1 0x10000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 mark 0x10",
    },
    {
        .rule = "-m mark --mark 0x10/0xf0",
        .canonical = "-m mark --mark 0x10/0xf0",
        .nft = "[ meta load mark => reg 1 ]\n"
               "[ bitwise reg 1 & 0xf0000000 ^ 0x00000000 ]\n"
               "[ cmp eq reg 1 0x10000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 mark 0x1f",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 mark 0x30",
    },
    {
        .rule = "-m mark ! --mark 0x10/0xf0",
        .canonical = "-m mark ! --mark 0x10/0xf0",
        .nft = "[ meta load mark => reg 1 ]\n"
               "[ bitwise reg 1 & 0xf0000000 ^ 0x00000000 ]\n"
               "[ cmp neq reg 1 0x10000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 mark 0x30",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 mark 0x1f",
    },
    // A value outside the mask: negated, it always matches.
    {
        .rule = "-p udp -m mark ! --mark 5/3",
        .canonical = "-p udp -m mark ! --mark 0x5/0x3",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 mark 5",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53 mark 5",
    },
};

constexpr Match kMark{
    .name = "mark",
    .options = kOptions,
    .list_name = "mark match",
    .summary =
        "Looks at the mark that other rules or programs have put on the packet in the kernel; "
        "nothing of it is on the wire.",
    .examples = kExamples,
};
static_assert(well_formed(kMark));

}  // namespace

const Match& row() { return kMark; }

}  // namespace bulkhead::ext::match_mark
