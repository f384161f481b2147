// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include "ext/argument/icmp_type.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_icmp6 {
namespace {

// The first two bytes of the header (RFC 4443).
constexpr ir::Field kTypeAndCode{
    "type", "ICMPv6 type", ir::Kind::kIcmpType, {}, ir::at(ir::Base::kTransport, 0, 16)};

std::string list(std::span<const ir::Argument> arguments, bool numeric, const Context& context) {
  return list_icmp_match("ipv6-icmp", arguments, numeric, context);
}

constexpr uint8_t kProtocols[] = {IPPROTO_ICMPV6};
constexpr std::string_view kAliases[] = {"icmpv6", "ipv6-icmp"};

constexpr Option kOptions[] = {
    {
        .name = "icmpv6-type",
        .type = &kIcmp6Type,
        .field = &kTypeAndCode,
        .required = true,
        .help = "type, by number or by name, and perhaps its code",
        .sentence = "its ICMPv6 type is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p icmpv6 --icmpv6-type echo-request",
        .canonical = "-p ipv6-icmp -m icmp6 --icmpv6-type 128",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x3a ]\n"
               "[ payload load 1b @ transport + 0 => reg 1 ]\n"
               "[ cmp eq reg 1 0x80 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "icmp6 2001:db8::1 > 2001:db8::2 type 128/0",
        .miss = "icmp6 2001:db8::1 > 2001:db8::2 type 129/0",
    },
    {
        .rule = "-p icmpv6 -m icmpv6 --icmpv6-type port-unreachable",
        .canonical = "-p ipv6-icmp -m icmp6 --icmpv6-type 1/4",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x3a ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0104 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "icmp6 2001:db8::1 > 2001:db8::2 type 1/4",
        .miss = "icmp6 2001:db8::1 > 2001:db8::2 type 1/3",
    },
    {
        .rule = "-p ipv6-icmp ! --icmpv6-type 1",
        .canonical = "-p ipv6-icmp -m icmp6 ! --icmpv6-type 1",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x3a ]\n"
               "[ payload load 1b @ transport + 0 => reg 1 ]\n"
               "[ cmp neq reg 1 0x01 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "icmp6 2001:db8::1 > 2001:db8::2 type 2",
        .miss = "icmp6 2001:db8::1 > 2001:db8::2 type 1/7",
    },
};

constexpr Match kIcmp6{
    .name = "icmp6",
    .aliases = kAliases,
    .families = Families::kIpv6,
    .protocols = kProtocols,
    .header = ir::Header{.form = ir::Header::Form::kIcmp6},
    .options = kOptions,
    .summary = "Looks at the ICMPv6 header. Loaded by -p ipv6-icmp as soon as its option is used.",
    .list = list,
    .examples = kExamples,
};
static_assert(well_formed(kIcmp6));

}  // namespace

const Match& row() { return kIcmp6; }

}  // namespace bulkhead::ext::match_icmp6
