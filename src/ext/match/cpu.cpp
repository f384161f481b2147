// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_cpu.h>

#include "ext/argument/number.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_cpu {
namespace {

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Predicate{xt_match<xt_cpu_info>("cpu", 0, [&](xt_cpu_info& info) {
    for (const ir::Argument& argument : arguments) {
      info.cpu = static_cast<uint32_t>(canonical_number(argument.text));
      info.invert = argument.negated ? 1 : 0;
    }
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "cpu",
        .type = &kNumber<0, UINT32_MAX>,
        .required = true,
        .list = "cpu {! }{}",
        .help = "the processor's number, from 0 on",
        .sentence = "it is {not }handled by processor {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m cpu --cpu 0x0",
        .canonical = "-m cpu --cpu 0",
        .nft = "[ match cpu rev 0 0x0000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:54",
        .shown_by = "surroundings_test.cpp",
    },
    // No machine has so many.
    {
        .rule = "-p udp -m cpu ! --cpu 4294967295",
        .canonical = "-p udp -m cpu ! --cpu 4294967295",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match cpu rev 0 0xffffffff01000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
};

constexpr Match kCpu{
    .name = "cpu",
    .options = kOptions,
    .summary = "Which processor handles the packet, where a network card spreads them.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kCpu));

}  // namespace

const Match& row() { return kCpu; }

}  // namespace bulkhead::ext::match_cpu
