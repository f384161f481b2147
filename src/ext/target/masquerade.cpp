// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/nat_options.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_masquerade {
namespace {

constexpr Option kOptions[] = {
    nat_ports_option("masq ports: {}", "the new source port, or a range to choose it from"),
    kRandomPort,
    kFullyRandomPort,
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j MASQUERADE",
        .canonical = "-p tcp -j MASQUERADE",
        .nft = "[ masq ]",
        .hit = "tcp 192.0.2.1:40000 > 203.0.113.9:80 in eth0 out eth1",
        .miss = "udp 192.0.2.1:40000 > 203.0.113.9:80 in eth0 out eth1",
        .table = "nat",
        .chain = "POSTROUTING",
    },
    {
        .rule = "-p udp -j MASQUERADE --random-fully --random --to-ports 1024-0xffff",
        .canonical = "-p udp -j MASQUERADE --to-ports 1024-65535 --random --random-fully",
        .nft = "[ immediate 0x0400 => reg 3 ]\n"
               "[ immediate 0xffff => reg 4 ]\n"
               "[ masq port reg 3-4 random fully-random ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8:1::9]:53 in eth0 out eth1",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8:1::9]:53 in eth0 out eth1",
        .table = "nat",
        .chain = "POSTROUTING",
    },
};

constexpr Target kMasquerade{
    .name = "MASQUERADE",
    .tables = "nat",
    .hooks = "POSTROUTING",
    .options = kOptions,
    .summary =
        "Gives the packet the address of the interface that it leaves by as its source, and all "
        "packets of its connection. When the interface goes down such connections are forgotten.",
    .sentence = "its source becomes this host",
    .lower = nat_action<ir::Nat::Kind::kMasquerade>,
    .examples = kExamples,
};
static_assert(well_formed(kMasquerade));

}  // namespace

const Target& row() { return kMasquerade; }

}  // namespace bulkhead::ext::target_masquerade
