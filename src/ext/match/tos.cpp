// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/type_of_service.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_tos {
namespace {

// IPv4's type of service, IPv6's traffic class: DSCP and ECN together (RFC 2474, 3).
constexpr ir::Field kServiceByte{"tos", "type of service", ir::Kind::kNumber,
                                 ir::at(ir::Base::kNetwork, 8, 8),
                                 ir::at(ir::Base::kNetwork, 4, 8)};

constexpr Option kOptions[] = {
    {
        .name = "tos",
        .type = &kTypeOfService,
        .field = &kServiceByte,
        .required = true,
        .list = "tos match{!}{}",
        .help = "the byte, or those of its bits that the mask has; or its old name",
        .sentence = "its type of service is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m tos --tos minimize-delay",
        .canonical = "-m tos --tos 0x10/0x3f",
        .nft = "[ payload load 1b @ network + 1 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x3f ^ 0x00 ]\n"
               "[ cmp eq reg 1 0x10 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 dscp 20",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 dscp 20 ecn 1",
    },
    {
        .rule = "-m tos ! --tos 0xb9",
        .canonical = "-m tos ! --tos 0xb9/0xff",
        .nft = "[ payload load 1b @ network + 1 => reg 1 ]\n"
               "[ cmp neq reg 1 0xb9 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 dscp 46",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 dscp 46 ecn 1",
    },
    {
        .rule = "-m tos --tos 0x0f",
        .canonical = "-m tos --tos 0x0f/0xff",
        .nft = "[ payload load 2b @ network + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x0ff0 ^ 0x0000 ]\n"
               "[ cmp eq reg 1 0x00f0 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 dscp 3 ecn 3",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 dscp 3 ecn 2",
    },
    {
        .rule = "-m tos --tos 0/0x03",
        .canonical = "-m tos --tos 0x00/0x03",
        .nft = "[ payload load 2b @ network + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x0030 ^ 0x0000 ]\n"
               "[ cmp eq reg 1 0x0000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 dscp 46",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 ecn 2",
    },
    {
        .rule = "-p udp -m tos ! --tos 0x10/0x0f",
        .canonical = "-p udp -m tos ! --tos 0x10/0x0f",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 dscp 4",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53 dscp 4",
    },
};

constexpr Match kTos{
    .name = "tos",
    .options = kOptions,
    .summary =
        "Looks at the type of service (IPv4) or the traffic class (IPv6): eight bits, of which six "
        "are today's DSCP and two ECN.",
    .examples = kExamples,
};
static_assert(well_formed(kTos));

}  // namespace

const Match& row() { return kTos; }

}  // namespace bulkhead::ext::match_tos
