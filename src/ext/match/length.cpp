// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/number_range.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_length {
namespace {

// In bytes, with the IP header; of a packet that the kernel has put together, of all of it.

constexpr Option kOptions[] = {
    {
        .name = "length",
        .type = &kNumberRange<65535>,
        .field = &ir::kLength,
        .required = true,
        .list = "{!}{}",
        .help = "how many bytes it has, with its IP header; or a range",
        .sentence = "it is {not }{} bytes long",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m length --length 100",
        .canonical = "-m length --length 100",
        .nft = "[ meta load length => reg 1 ]\n"
               "[ cmp eq reg 1 0x64000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 length 100",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 length 101",
    },
    {
        .rule = "-m length --length 100:0xc8",
        .canonical = "-m length --length 100:200",
        .nft = "[ meta load length => reg 1 ]\n"
               "[ byteorder reg 1 hton 4b ]\n"
               "[ range eq reg 1 0x00000064-0x000000c8 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 length 200",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 length 201",
    },
    {
        .rule = "-m length ! --length :99",
        .canonical = "-m length ! --length 0:99",
        .nft = "[ meta load length => reg 1 ]\n"
               "[ byteorder reg 1 hton 4b ]\n"
               "[ cmp gte reg 1 0x00000064 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 length 100",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 length 99",
    },
    {
        .rule = "-p udp -m length ! --length 9:5",
        .canonical = "-p udp -m length ! --length 9:5",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 length 100",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53 length 100",
    },
};

constexpr Match kLengthRow{
    .name = "length",
    .options = kOptions,
    .list_name = "length",
    .summary = "Looks at how long the packet is.",
    .examples = kExamples,
};
static_assert(well_formed(kLengthRow));

}  // namespace

const Match& row() { return kLengthRow; }

}  // namespace bulkhead::ext::match_length
