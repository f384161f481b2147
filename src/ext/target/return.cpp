// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_return {
namespace {

Result<ir::Action> lower(std::span<const ir::Argument>, const Context&) {
  return ir::Action{ir::Return{}};
}

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp --dport 22 -j RETURN",
        .canonical = "-p tcp -m tcp --dport 22 -j RETURN",
        .nft = "[ return ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:23",
    },
    {
        .rule = "! -p udp -j RETURN",
        .canonical = "! -p udp -j RETURN",
        .nft = "[ return ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
};

constexpr Target kReturn{
    .name = "RETURN",
    .summary = "Goes back to the calling chain; in a built-in chain, to its policy.",
    .sentence = "it goes back to the chain that called this one",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kReturn));

}  // namespace

const Target& row() { return kReturn; }

}  // namespace bulkhead::ext::target_return
