// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/reject_kind.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_reject6 {
namespace {

constexpr Option kOptions[] = {
    reject_option(kReject6Kind, "icmp6-port-unreachable"),
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp --dport 53 -j REJECT",
        .canonical = "-p udp -m udp --dport 53 -j REJECT --reject-with icmp6-port-unreachable",
        .nft = "[ reject with icmp code 4 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:54",
    },
    {
        .rule = "-p tcp -j REJECT --reject-with adm-prohibited",
        .canonical = "-p tcp -j REJECT --reject-with icmp6-adm-prohibited",
        .nft = "[ reject with icmp code 1 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
    {
        .rule = "-p tcp -j REJECT --reject-with tcp-reset",
        .canonical = "-p tcp -j REJECT --reject-with tcp-reset",
        .nft = "[ reject with tcp reset ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
};

constexpr Target kReject6{
    .name = "REJECT",
    .families = Families::kIpv6,
    .tables = "filter",
    .hooks = "INPUT FORWARD OUTPUT",
    .options = kOptions,
    .summary =
        "Drops the packet and tells its sender: by an ICMPv6 message, or with -p tcp by a reset.",
    .sentence = "it is rejected",
    .lower = reject_action,
    .examples = kExamples,
};
static_assert(well_formed(kReject6));

}  // namespace

const Target& row() { return kReject6; }

}  // namespace bulkhead::ext::target_reject6
