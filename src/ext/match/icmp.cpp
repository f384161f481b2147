// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include "ext/argument/icmp_type.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_icmp {
namespace {

// The first two bytes of the header (RFC 792). One field, because a type may be asked for with its
// code.
constexpr ir::Field kTypeAndCode{
    "type", "ICMP type", ir::Kind::kIcmpType, ir::at(ir::Base::kTransport, 0, 16), {}};

std::string list(std::span<const ir::Argument> arguments, bool numeric, const Context& context) {
  return list_icmp_match("icmp", arguments, numeric, context);
}

constexpr uint8_t kProtocols[] = {IPPROTO_ICMP};

constexpr Option kOptions[] = {
    {
        .name = "icmp-type",
        .type = &kIcmpType,
        .field = &kTypeAndCode,
        .required = true,
        .help = "type, by number or by name, and perhaps its code",
        .sentence = "its ICMP type is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p icmp --icmp-type echo-request",
        .canonical = "-p icmp -m icmp --icmp-type 8",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x01 ]\n"
               "[ payload load 1b @ transport + 0 => reg 1 ]\n"
               "[ cmp eq reg 1 0x08 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "icmp 192.0.2.1 > 192.0.2.2 type 8/0",
        .miss = "icmp 192.0.2.1 > 192.0.2.2 type 13/0",
    },
    {
        .rule = "-p icmp --icmp-type host-unreachable",
        .canonical = "-p icmp -m icmp --icmp-type 3/1",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x01 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0301 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "icmp 192.0.2.1 > 192.0.2.2 type 3/1",
        .miss = "icmp 192.0.2.1 > 192.0.2.2 type 3/0",
    },
    {
        .rule = "-p icmp ! --icmp-type 8",
        .canonical = "-p icmp -m icmp ! --icmp-type 8",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x01 ]\n"
               "[ payload load 1b @ transport + 0 => reg 1 ]\n"
               "[ cmp neq reg 1 0x08 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "icmp 192.0.2.1 > 192.0.2.2 type 13",
        .miss = "icmp 192.0.2.1 > 192.0.2.2 type 8",
    },
    {
        .rule = "-p icmp --icmp-type any",
        .canonical = "-p icmp -m icmp --icmp-type any",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x01 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ cmp gte reg 1 0x0000 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "icmp 192.0.2.1 > 192.0.2.2 type 17",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
};

constexpr Match kIcmp{
    .name = "icmp",
    .families = Families::kIpv4,
    .protocols = kProtocols,
    .header = ir::Header{.form = ir::Header::Form::kIcmp},
    .options = kOptions,
    .summary = "Looks at the ICMP header of IPv4. Loaded by -p icmp as soon as its option is used.",
    .list = list,
    .examples = kExamples,
};
static_assert(well_formed(kIcmp));

}  // namespace

const Match& row() { return kIcmp; }

}  // namespace bulkhead::ext::match_icmp
