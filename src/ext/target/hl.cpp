// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/hop_limit_change.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_hl {
namespace {

// In the order in which iptables finds out which of them don't go together.
constexpr Option kOptions[] = {
    hop_limit_set_option("hl-set"),
    hop_limit_decrease_option("hl-dec"),
    hop_limit_increase_option("hl-inc"),
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -j HL --hl-set 0x2a",
        .canonical = "-p udp -j HL --hl-set 42",
        .nft = "[ immediate 0x2a => reg 1 ]\n"
               "[ payload write reg 1 => 1b @ network + 7 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .table = "mangle",
    },
    {
        .rule = "-p udp -j HL --hl-inc 1",
        .canonical = "-p udp -j HL --hl-inc 1",
        .nft = "[ payload load 1b @ network + 7 => reg 1 ]\n"
               "[ lookup reg 1 in { 0x00 : 0x01, (256 elements), 0xff : 0xff } => reg 1 ]\n"
               "[ payload write reg 1 => 1b @ network + 7 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .table = "mangle",
    },
    {
        .rule = "-p udp -j HL --hl-dec 2",
        .canonical = "-p udp -j HL --hl-dec 2",
        .nft = "[ payload load 1b @ network + 7 => reg 1 ]\n"
               "[ lookup reg 1 in { 0x00 : 0x00, (256 elements), 0xff : 0xfd } => reg 1 ]\n"
               "[ payload write reg 1 => 1b @ network + 7 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .table = "mangle",
        .chain = "PREROUTING",
    },
};

constexpr Target kHl{
    .name = "HL",
    .families = Families::kIpv6,
    .tables = "mangle",
    .options = kOptions,
    .list_name = "HL",
    .bare_error = "HL: You must specify an action",
    .summary =
        "Changes the hop limit of the packet and goes on with the next rule. A value that only "
        "grows keeps "
        "a packet on its way for ever where routes make a circle.",
    .sentence = "its hop limit is",
    .lower = hop_limit_change,
    .examples = kExamples,
};
static_assert(well_formed(kHl));

}  // namespace

const Target& row() { return kHl; }

}  // namespace bulkhead::ext::target_hl
