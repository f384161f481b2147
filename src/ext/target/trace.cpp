// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_trace {
namespace {

Result<ir::Action> lower(std::span<const ir::Argument>, const Context&) {
  return ir::Action{ir::Trace{}};
}

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -j TRACE",
        .canonical = "-p udp -j TRACE",
        .nft = "[ immediate 0x01 => reg 1 ]\n"
               "[ meta set nftrace with reg 1 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j TRACE",
        .canonical = "-p udp -j TRACE",
        .nft = "[ immediate 0x01 => reg 1 ]\n"
               "[ meta set nftrace with reg 1 ]",
        .hit = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .miss = "tcp [2001:db8::2]:40000 > [2001:db8::1]:22 out eth0",
        .table = "raw",
        .chain = "OUTPUT",
    },
};

constexpr Target kTrace{
    .name = "TRACE",
    .tables = "raw",
    .summary =
        "The kernel tells every rule that the packet meets from here on to whoever listens (nft "
        "monitor trace). Goes on with the next rule.",
    .sentence = "its way is told to `nft monitor trace`",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kTrace));

}  // namespace

const Target& row() { return kTrace; }

}  // namespace bulkhead::ext::target_trace
