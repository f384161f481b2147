// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/reject_kind.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_reject {
namespace {

constexpr Option kOptions[] = {
    reject_option(kRejectKind, "icmp-port-unreachable"),
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp --dport 53 -j REJECT",
        .canonical = "-p udp -m udp --dport 53 -j REJECT --reject-with icmp-port-unreachable",
        .nft = "[ reject with icmp code 3 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:54",
    },
    {
        .rule = "-p tcp -j REJECT --reject-with admin-prohib",
        .canonical = "-p tcp -j REJECT --reject-with icmp-admin-prohibited",
        .nft = "[ reject with icmp code 13 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p tcp -j REJECT --reject-with tcp-rst",
        .canonical = "-p tcp -j REJECT --reject-with tcp-reset",
        .nft = "[ reject with tcp reset ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
};

constexpr Target kReject{
    .name = "REJECT",
    .families = Families::kIpv4,
    .tables = "filter",
    .hooks = "INPUT FORWARD OUTPUT",
    .options = kOptions,
    .summary =
        "Drops the packet and tells its sender: by an ICMP message, or with -p tcp by a reset.",
    .sentence = "it is rejected",
    .lower = reject_action,
    .examples = kExamples,
};
static_assert(well_formed(kReject));

}  // namespace

const Target& row() { return kReject; }

}  // namespace bulkhead::ext::target_reject
