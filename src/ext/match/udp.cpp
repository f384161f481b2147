// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include "ext/argument/port_options.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_udp {
namespace {

constexpr uint8_t kProtocols[] = {IPPROTO_UDP};

constexpr Option kOptions[] = {
    source_port_option(kOtherPorts),
    destination_port_option(kOtherPorts),
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp --dport 53",
        .canonical = "-p udp -m udp --dport 53",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0035 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000",
    },
    {
        .rule = "-p udp ! --source-port 67:68 --destination-port 1024:",
        .canonical = "-p udp -m udp ! --sport 67:68 --dport 1024:65535",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ range neq reg 1 0x0043-0x0044 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp gte reg 1 0x0400 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "udp 192.0.2.1:69 > 192.0.2.2:1024",
        .miss = "udp 192.0.2.1:68 > 192.0.2.2:1024",
    },
    {
        .rule = "-p udp ! --dport :1023",
        .canonical = "-p udp -m udp ! --dport 0:1023",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp gte reg 1 0x0400 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:1024",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:1023",
    },
};

constexpr Match kUdp{
    .name = "udp",
    .protocols = kProtocols,
    .header = ir::Header{.form = ir::Header::Form::kUdp},
    .options = kOptions,
    .list_name = "udp",
    .summary = "Looks at the UDP header. Loaded by -p udp as soon as one of its options is used.",
    .examples = kExamples,
};
static_assert(well_formed(kUdp));

}  // namespace

const Match& row() { return kUdp; }

}  // namespace bulkhead::ext::match_udp
