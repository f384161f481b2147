// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/dscp.h"

#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_dscp {
namespace {

constexpr uint8_t kOnlyOne = 1;

constexpr Option kOptions[] = {
    {
        .name = "dscp",
        .type = &kDscp,
        .field = &ir::kDscp,
        .group = kOnlyOne,
        .list = "{!}{}",
        .help = "the codepoint, 0 to 63 (0x3f)",
        .sentence = "its DSCP is {not }{}",
    },
    {
        .name = "dscp-class",
        .type = &kDscpClass,
        .group = kOnlyOne,
        .stands_for = "dscp",
        .help = "the codepoint by its class: BE, EF, AF11 to AF43, CS0 to CS7",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m dscp --dscp 10",
        .canonical = "-m dscp --dscp 0x0a",
        .nft = "[ payload load 1b @ network + 1 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfc ^ 0x00 ]\n"
               "[ cmp eq reg 1 0x28 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 dscp 10",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 dscp 40",
    },
    {
        .rule = "-m dscp --dscp-class ef",
        .canonical = "-m dscp --dscp 0x2e",
        .nft = "[ payload load 2b @ network + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x0fc0 ^ 0x0000 ]\n"
               "[ cmp eq reg 1 0x0b80 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 dscp 46",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 dscp 47",
    },
    {
        .rule = "-m dscp ! --dscp-class BE",
        .canonical = "-m dscp ! --dscp 0x00",
        .nft = "[ payload load 1b @ network + 1 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfc ^ 0x00 ]\n"
               "[ cmp neq reg 1 0x00 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 dscp 32",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
};

constexpr Match kDscpRow{
    .name = "dscp",
    .options = kOptions,
    .list_name = "DSCP match",
    .bare_error = "DSCP match: Parameter --dscp is required",
    .summary =
        "Looks at the DiffServ codepoint: six bits of the type of service (IPv4) or of the "
        "traffic class (IPv6).",
    .examples = kExamples,
};
static_assert(well_formed(kDscpRow));

}  // namespace

const Match& row() { return kDscpRow; }

}  // namespace bulkhead::ext::match_dscp
