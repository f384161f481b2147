// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/nat_options.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_dnat {
namespace {

constexpr Option kOptions[] = {
    {
        .name = "to-destination",
        .type = &kShiftedNatRange,
        .negation = Negation::kRefused,
        .required = true,
        .list = "to:{}",
        .help = "the new destination: an address or a range, ports or both; with a base, its port "
                "becomes the first one, the next port the next",
        .sentence = "to {}",
    },
    kRandomPort,
    kPersistentAddress,
};

// Ranges with a base are shown by nat_ports_test.cpp: their form has an element for each port.
constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j DNAT --to-destination 203.0.113.9:ssh -m tcp --dport 80",
        .canonical = "-p tcp -m tcp --dport 80 -j DNAT --to-destination 203.0.113.9:22",
        .nft = "[ immediate 0xcb007109 => reg 1 ]\n"
               "[ immediate 0x0016 => reg 3 ]\n"
               "[ dnat ip addr reg 1-1 port reg 3-3 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:80 in eth0",
        .miss = "tcp 192.0.2.1:80 > 192.0.2.2:22 in eth0",
        .table = "nat",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j DNAT --persistent --random "
                "--to-destination 203.0.113.5-203.0.113.9",
        .canonical = "-p udp -j DNAT --to-destination 203.0.113.5-203.0.113.9 --random "
                     "--persistent",
        .nft = "[ immediate 0xcb007105 => reg 1 ]\n"
               "[ immediate 0xcb007109 => reg 2 ]\n"
               "[ dnat ip addr reg 1-2 random persistent ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .miss = "tcp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .table = "nat",
        .chain = "OUTPUT",
    },
    {
        .rule = "-p udp -j DNAT --to-destination [2001:db8:1::9]:53-63",
        .canonical = "-p udp -j DNAT --to-destination [2001:db8:1::9]:53-63",
        .nft = "[ immediate 0x20010db8000100000000000000000009 => reg 1 ]\n"
               "[ immediate 0x0035 => reg 3 ]\n"
               "[ immediate 0x003f => reg 4 ]\n"
               "[ dnat ip6 addr reg 1-1 port reg 3-4 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:5353",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:5353",
        .table = "nat",
        .chain = "PREROUTING",
    },
};

constexpr Target kDnat{
    .name = "DNAT",
    .tables = "nat",
    .hooks = "PREROUTING OUTPUT",
    .options = kOptions,
    .summary =
        "Gives the packet another destination, and all packets of its connection; in the answers "
        "it is put back. Only the first packet of a connection comes here.",
    .sentence = "its destination is translated",
    .lower = nat_action<ir::Nat::Kind::kDnat>,
    .examples = kExamples,
};
static_assert(well_formed(kDnat));

}  // namespace

const Target& row() { return kDnat; }

}  // namespace bulkhead::ext::target_dnat
