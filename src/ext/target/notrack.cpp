// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_notrack {
namespace {

Result<ir::Action> lower(std::span<const ir::Argument>, const Context&) {
  return ir::Action{ir::Untrack{}};
}

std::string list(std::span<const ir::Argument>, bool, const Context&) { return "NOTRACK"; }

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -j NOTRACK",
        .canonical = "-p udp -j NOTRACK",
        .nft = "[ notrack ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j NOTRACK",
        .canonical = "-p udp -j NOTRACK",
        .nft = "[ notrack ]",
        .hit = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .miss = "tcp [2001:db8::2]:40000 > [2001:db8::1]:22 out eth0",
        .table = "raw",
        .chain = "OUTPUT",
    },
};

// To iptables another name of CT --notrack; -L shows that in front, and its own name behind.
constexpr Target kNotrack{
    .name = "NOTRACK",
    .tables = "raw",
    .list_target = "CT",
    .summary =
        "Connection tracking passes the packet over: it belongs to no connection, and its state is "
        "UNTRACKED. Goes on with the next rule.",
    .sentence = "it is not tracked",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kNotrack));

}  // namespace

const Target& row() { return kNotrack; }

}  // namespace bulkhead::ext::target_notrack
