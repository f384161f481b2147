// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/hop_limit_change.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_ttl {
namespace {

// In the order in which iptables finds out which of them don't go together.
constexpr Option kOptions[] = {
    hop_limit_set_option("ttl-set"),
    hop_limit_decrease_option("ttl-dec"),
    hop_limit_increase_option("ttl-inc"),
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -j TTL --ttl-set 0x2a",
        .canonical = "-p udp -j TTL --ttl-set 42",
        .nft = "[ immediate 0x2a => reg 1 ]\n"
               "[ payload write reg 1 => 1b @ network + 8 checksum @ 10 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "mangle",
    },
    {
        .rule = "-p udp -j TTL --ttl-inc 1",
        .canonical = "-p udp -j TTL --ttl-inc 1",
        .nft = "[ payload load 1b @ network + 8 => reg 1 ]\n"
               "[ lookup reg 1 in { 0x00 : 0x01, (256 elements), 0xff : 0xff } => reg 1 ]\n"
               "[ payload write reg 1 => 1b @ network + 8 checksum @ 10 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "mangle",
    },
    {
        .rule = "-p udp -j TTL --ttl-dec 2",
        .canonical = "-p udp -j TTL --ttl-dec 2",
        .nft = "[ payload load 1b @ network + 8 => reg 1 ]\n"
               "[ lookup reg 1 in { 0x00 : 0x00, (256 elements), 0xff : 0xfd } => reg 1 ]\n"
               "[ payload write reg 1 => 1b @ network + 8 checksum @ 10 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "mangle",
        .chain = "PREROUTING",
    },
};

constexpr Target kTtl{
    .name = "TTL",
    .families = Families::kIpv4,
    .tables = "mangle",
    .options = kOptions,
    .list_name = "TTL",
    .bare_error = "TTL: You must specify an action",
    .summary =
        "Changes the time to live of the packet and goes on with the next rule. A value that only "
        "grows keeps "
        "a packet on its way for ever where routes make a circle.",
    .sentence = "its time to live is",
    .lower = hop_limit_change,
    .examples = kExamples,
};
static_assert(well_formed(kTtl));

}  // namespace

const Target& row() { return kTtl; }

}  // namespace bulkhead::ext::target_ttl
