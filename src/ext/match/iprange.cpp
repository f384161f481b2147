// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/address_range.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_iprange {
namespace {

constexpr Option kOptions[] = {
    {
        .name = "src-range",
        .type = &kAddressRange,
        .field = &ir::kSource,
        .warning = reversed_range_warning,
        .list = "source IP range {! }{}",
        .help = "the source address is one of these, the ends among them",
        .sentence = "its source address is {not }{}",
    },
    {
        .name = "dst-range",
        .type = &kAddressRange,
        .field = &ir::kDestination,
        .warning = reversed_range_warning,
        .list = "destination IP range {! }{}",
        .help = "the destination address is one of these",
        .sentence = "its destination address is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m iprange --src-range 192.0.2.1-192.0.2.9",
        .canonical = "-m iprange --src-range 192.0.2.1-192.0.2.9",
        .nft = "[ payload load 4b @ network + 12 => reg 1 ]\n"
               "[ range eq reg 1 0xc0000201-0xc0000209 ]",
        .hit = "udp 192.0.2.9:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.10:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-m iprange ! --dst-range 192.0.2.2",
        .canonical = "-m iprange ! --dst-range 192.0.2.2-192.0.2.2",
        .nft = "[ payload load 4b @ network + 16 => reg 1 ]\n"
               "[ cmp neq reg 1 0xc0000202 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.255:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-m iprange --dst-range 2001:db8::2-2001:db8::9 ! --src-range "
                "2001:db8::5-2001:db8::ffff",
        .canonical = "-m iprange ! --src-range 2001:db8::5-2001:db8::ffff --dst-range "
                     "2001:db8::2-2001:db8::9",
        .nft = "[ payload load 16b @ network + 8 => reg 1 ]\n"
               "[ range neq reg 1 "
               "0x20010db8000000000000000000000005-0x20010db800000000000000000000ffff ]\n"
               "[ payload load 16b @ network + 24 => reg 1 ]\n"
               "[ range eq reg 1 "
               "0x20010db8000000000000000000000002-0x20010db8000000000000000000000009 ]",
        .hit = "udp [2001:db8::4]:40000 > [2001:db8::2]:53",
        .miss = "udp [2001:db8::5]:40000 > [2001:db8::2]:53",
    },
    // From high to low no address is in it.
    {
        .rule = "-p udp -m iprange ! --src-range 192.0.2.9-192.0.2.1",
        .canonical = "-p udp -m iprange ! --src-range 192.0.2.9-192.0.2.1",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]",
        .hit = "udp 192.0.2.5:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.5:40000 > 192.0.2.2:53",
    },
};

constexpr Match kIprange{
    .name = "iprange",
    .options = kOptions,
    .bare_error = "iprange match: You must specify `--src-range' or `--dst-range'",
    .summary = "Addresses from one to another, where -s and -d take only prefixes and masks.",
    .examples = kExamples,
};
static_assert(well_formed(kIprange));

}  // namespace

const Match& row() { return kIprange; }

}  // namespace bulkhead::ext::match_iprange
