// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_u32.h>

#include "ext/argument/u32_tests.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_u32 {
namespace {

void fill(xt_u32_test& raw, const U32Test& test) {
  for (const U32Step& step : test.location) {
    xt_u32_location_element& element = raw.location[raw.nnums++];
    element.number = step.number;
    element.nextop = static_cast<uint8_t>(step.operation);
  }
  for (const U32Range& range : test.values) {
    xt_u32_value_element& element = raw.value[raw.nvalues++];
    element.min = range.first;
    element.max = range.last;
  }
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Predicate{xt_match<xt_u32>("u32", 0, [&](xt_u32& info) {
    for (const ir::Argument& argument : arguments) {
      info.invert = argument.negated ? 1 : 0;
      for (const U32Test& test : u32_tests(argument.text)) fill(info.tests[info.ntests++], test);
    }
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "u32",
        .type = &kU32Tests,
        .required = true,
        .list = "u32{ !} {}",
        .help = "tests, joined by &&: LOCATION=VALUE, a location being a number of bytes, then & "
                "MASK, << BITS, >> BITS or @ MORE-BYTES; a value a list of numbers or ranges",
        .sentence = "{not }{} holds in it",
    },
};

constexpr Example kExamples[] = {
    // The IP header's length, in bytes; from there the UDP header, and its destination port.
    {
        .rule = "-p udp -m u32 --u32 0>>22&0x3C@0&0xFFFF=53,1024:2047",
        .canonical = "-p udp -m u32 --u32 \"0x0>>0x16&0x3c@0x0&0xffff=0x35,0x400:0x7ff\"",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match u32 rev 0 "
               "0x000000000000000016000000020000003c000000000000000000000003000000ffff(54 "
               "zeros)350000003500000000040000ff07(74 zeros)0502(1802 zeros)01000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:2048",
    },
    {
        .rule = "-m u32 --u32 8>>24=64&&0<<4>>28=5",
        .canonical = "-m u32 --u32 \"0x8>>0x18=0x40&&0x0<<0x4>>0x1c=0x5\"",
        .nft = "[ match u32 rev 0 0x08000000000000001800000002(75 zeros)4000000040(83 "
               "zeros)02010000000000000000000004000000010000001c00000002(67 zeros)0500000005(83 "
               "zeros)0301(1622 zeros)02000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 ttl 63",
    },
    {
        .rule = "-m u32 ! --u32 4&0xFF=17",
        .canonical = "-m u32 ! --u32 \"0x4&0xff=0x11\"",
        .nft = "[ match u32 rev 0 0x0400000000000000ff(79 zeros)1100000011(83 zeros)0201(1802 "
               "zeros)01010000 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53 ttl 16",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53 ttl 17",
    },
};

constexpr Match kU32{
    .name = "u32",
    .options = kOptions,
    .summary =
        "Reads four bytes anywhere in the packet, most significant first and counted from the IP "
        "header, and compares what is left of them after masks and shifts; @ begins anew at the "
        "place that has been computed.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kU32));

}  // namespace

const Match& row() { return kU32; }

}  // namespace bulkhead::ext::match_u32
