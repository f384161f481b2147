// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_accept {
namespace {

Result<ir::Action> lower(std::span<const ir::Argument>, const Context&) {
  return ir::Action{ir::Accept{}};
}

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp --dport 22 -j ACCEPT",
        .canonical = "-p tcp -m tcp --dport 22 -j ACCEPT",
        .nft = "[ accept ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
    },
    {
        .rule = "! -p udp -j ACCEPT",
        .canonical = "! -p udp -j ACCEPT",
        .nft = "[ accept ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
};

constexpr Target kAccept{
    .name = "ACCEPT",
    .summary =
        "Lets the packet through this table at this hook. Other tables at the hook may still drop "
        "it.",
    .sentence = "it is accepted",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kAccept));

}  // namespace

const Target& row() { return kAccept; }

}  // namespace bulkhead::ext::target_accept
