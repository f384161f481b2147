// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/nat_options.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_snat {
namespace {

constexpr Option kOptions[] = {
    {
        .name = "to-source",
        .type = &kNatRange,
        .negation = Negation::kRefused,
        .required = true,
        .list = "to:{}",
        .help = "the new source: an address or a range, ports or both",
        .sentence = "to {}",
    },
    kRandomPort,
    kFullyRandomPort,
    kPersistentAddress,
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j SNAT --to-source 203.0.113.2:1025-65535",
        .canonical = "-p tcp -j SNAT --to-source 203.0.113.2:1025-65535",
        .nft = "[ immediate 0xcb007102 => reg 1 ]\n"
               "[ immediate 0x0401 => reg 3 ]\n"
               "[ immediate 0xffff => reg 4 ]\n"
               "[ snat ip addr reg 1-1 port reg 3-4 ]",
        .hit = "tcp 192.0.2.1:40000 > 203.0.113.9:80 in eth0 out eth1",
        .miss = "udp 192.0.2.1:40000 > 203.0.113.9:80 in eth0 out eth1",
        .table = "nat",
        .chain = "POSTROUTING",
    },
    {
        .rule = "-p udp -j SNAT --persistent --random-fully --random "
                "--to-source 203.0.113.2-203.0.113.5",
        .canonical = "-p udp -j SNAT --to-source 203.0.113.2-203.0.113.5 --random "
                     "--random-fully --persistent",
        .nft = "[ immediate 0xcb007102 => reg 1 ]\n"
               "[ immediate 0xcb007105 => reg 2 ]\n"
               "[ snat ip addr reg 1-2 random persistent fully-random ]",
        .hit = "udp 192.0.2.1:40000 > 203.0.113.9:53 in eth0 out eth1",
        .miss = "tcp 192.0.2.1:40000 > 203.0.113.9:53 in eth0 out eth1",
        .table = "nat",
        .chain = "POSTROUTING",
    },
    // Of what this host takes in itself.
    {
        .rule = "-p udp -j SNAT --to-source [2001:db8::77]:0x400",
        .canonical = "-p udp -j SNAT --to-source [2001:db8::77]:1024",
        .nft = "[ immediate 0x20010db8000000000000000000000077 => reg 1 ]\n"
               "[ immediate 0x0400 => reg 3 ]\n"
               "[ snat ip6 addr reg 1-1 port reg 3-3 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .table = "nat",
        .chain = "INPUT",
    },
};

constexpr Target kSnat{
    .name = "SNAT",
    .tables = "nat",
    .hooks = "POSTROUTING INPUT",
    .options = kOptions,
    .summary =
        "Gives the packet another source, and all packets of its connection; in the answers it is "
        "put back. Only the first packet of a connection comes here.",
    .sentence = "its source is translated",
    .lower = nat_action<ir::Nat::Kind::kSnat>,
    .examples = kExamples,
};
static_assert(well_formed(kSnat));

}  // namespace

const Target& row() { return kSnat; }

}  // namespace bulkhead::ext::target_snat
