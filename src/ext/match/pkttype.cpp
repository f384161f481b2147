// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/packet_type.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_pkttype {
namespace {

constexpr Option kOptions[] = {
    {
        .name = "pkt-type",
        .type = &kPacketType,
        .field = &ir::kPacketType,
        .required = true,
        .list = "{!}= {}",
        .help = "to whom the link says that the packet goes",
        .sentence = "its link says that it is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m pkttype --pkt-type host",
        .canonical = "-m pkttype --pkt-type unicast",
        .nft = "[ meta load pkttype => reg 1 ]\n"
               "[ cmp eq reg 1 0x00 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 broadcast",
    },
    {
        .rule = "-m pkttype --pkt-type bcast",
        .canonical = "-m pkttype --pkt-type broadcast",
        .nft = "[ meta load pkttype => reg 1 ]\n"
               "[ cmp eq reg 1 0x01 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.255:53 broadcast",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.255:53",
    },
    {
        .rule = "-m pkttype --pkt-type MCAST",
        .canonical = "-m pkttype --pkt-type multicast",
        .nft = "[ meta load pkttype => reg 1 ]\n"
               "[ cmp eq reg 1 0x02 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 multicast",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 broadcast",
    },
    {
        .rule = "-m pkttype ! --pkt-type multicast",
        .canonical = "-m pkttype ! --pkt-type multicast",
        .nft = "[ meta load pkttype => reg 1 ]\n"
               "[ cmp neq reg 1 0x02 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 broadcast",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 multicast",
    },
};

constexpr Match kPkttype{
    .name = "pkttype",
    .options = kOptions,
    .list_name = "PKTTYPE",
    .summary =
        "Looks at what the link's header says of whom the packet goes to. A packet that this host "
        "sends is unicast; one that comes back to it through lo is multicast or broadcast by its "
        "address.",
    .examples = kExamples,
};
static_assert(well_formed(kPkttype));

}  // namespace

const Match& row() { return kPkttype; }

}  // namespace bulkhead::ext::match_pkttype
