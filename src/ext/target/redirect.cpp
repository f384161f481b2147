// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/nat_options.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_redirect {
namespace {

constexpr Option kOptions[] = {
    nat_ports_option("redir ports {}", "the new destination port, or a range to choose it from"),
    kRandomPort,
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j REDIRECT --to-ports 3128 -m tcp --dport 80",
        .canonical = "-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128",
        .nft = "[ immediate 0x0c38 => reg 3 ]\n"
               "[ redir port reg 3-3 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:80 in eth0",
        .miss = "tcp 192.0.2.1:80 > 192.0.2.2:3128 in eth0",
        .table = "nat",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j REDIRECT --random --to-ports 42-1234",
        .canonical = "-p udp -j REDIRECT --to-ports 42-1234 --random",
        .nft = "[ immediate 0x002a => reg 3 ]\n"
               "[ immediate 0x04d2 => reg 4 ]\n"
               "[ redir port reg 3-4 random ]",
        .hit = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .miss = "tcp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .table = "nat",
        .chain = "OUTPUT",
    },
};

constexpr Target kRedirect{
    .name = "REDIRECT",
    .tables = "nat",
    .hooks = "PREROUTING OUTPUT",
    .options = kOptions,
    .summary =
        "Makes this host the packet's destination, by the address of the interface that it came in "
        "by; what the host sends itself goes to its loopback address.",
    .sentence = "its destination becomes this host",
    .lower = nat_action<ir::Nat::Kind::kRedirect>,
    .examples = kExamples,
};
static_assert(well_formed(kRedirect));

}  // namespace

const Target& row() { return kRedirect; }

}  // namespace bulkhead::ext::target_redirect
