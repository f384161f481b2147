// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_drop {
namespace {

Result<ir::Action> lower(std::span<const ir::Argument>, const Context&) {
  return ir::Action{ir::Drop{}};
}

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp --dport 22 -j DROP",
        .canonical = "-p tcp -m tcp --dport 22 -j DROP",
        .nft = "[ drop ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
    },
    {
        .rule = "! -p udp -j DROP",
        .canonical = "! -p udp -j DROP",
        .nft = "[ drop ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
};

constexpr Target kDrop{
    .name = "DROP",
    .summary = "Drops the packet without an answer.",
    .sentence = "it is dropped",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kDrop));

}  // namespace

const Target& row() { return kDrop; }

}  // namespace bulkhead::ext::target_drop
