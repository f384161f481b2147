// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_dccp.h>
#include <netinet/in.h>

#include <algorithm>

#include "ext/argument/dccp_types.h"
#include "ext/argument/number.h"
#include "ext/argument/port_options.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_dccp {
namespace {

// RFC 4340, 5.1: byte 8 is three reserved bits, four of the type, and X.
constexpr ir::Location kTypeBits = ir::at(ir::Base::kTransport, 67, 4);
constexpr ir::Field kType{"type", "DCCP type", ir::Kind::kNumber, kTypeBits, kTypeBits};

constexpr uint8_t kProtocols[] = {IPPROTO_DCCP};

constexpr Option kOptions[] = {
    source_port_option(kOtherPorts, kPrintsAny),
    destination_port_option(kOtherPorts, kPrintsAny),
    {
        .name = "dccp-types",
        .type = &kDccpTypes,
        .field = &kType,
        .list = "{! }{}",
        .help = "the packet is of one of these types",
        .sentence = "its DCCP type is {not }{}",
    },
    {
        .name = "dccp-option",
        .type = &kNumber<1, 255>,
        .list = "option={!}{}",
        .help = "a DCCP option of this number is set",
        .sentence = "DCCP option {} is {not }set",
    },
};

// An option may stand anywhere behind the header, so only the kernel's own match finds it.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  ir::Predicate predicate = constraints_of(kOptions, arguments, context);
  const auto asked = std::ranges::find(arguments, "dccp-option", &ir::Argument::option);
  if (asked == arguments.end()) return predicate;
  predicate.push_back(xt_match<xt_dccp_info>("dccp", 0, [&](xt_dccp_info& info) {
    info.option = static_cast<uint8_t>(canonical_number(asked->text));
    info.flags = XT_DCCP_OPTION;
    if (asked->negated) info.invflags = XT_DCCP_OPTION;
  }));
  return predicate;
}

constexpr Example kExamples[] = {
    {
        .rule = "-p dccp -m dccp ! --source-port 1024:2047 --dport domain",
        .canonical = "-p dccp -m dccp ! --sport 1024:2047 --dport 53",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x21 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfc00 ^ 0x0000 ]\n"
               "[ cmp neq reg 1 0x0400 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0035 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "dccp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "dccp 192.0.2.1:1024 > 192.0.2.2:53",
    },
    {
        .rule = "-p dccp -m dccp --sport :1023 ! --destination-port 80",
        .canonical = "-p dccp -m dccp --sport 0:1023 ! --dport 80",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x21 ]\n"
               "[ payload load 2b @ transport + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfc00 ^ 0x0000 ]\n"
               "[ cmp eq reg 1 0x0000 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp neq reg 1 0x0050 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "dccp [2001:db8::1]:1023 > [2001:db8::2]:81",
        .miss = "dccp [2001:db8::1]:1023 > [2001:db8::2]:80",
    },
    {
        .rule = "-p dccp -m dccp --dccp-types reset,REQUEST",
        .canonical = "-p dccp -m dccp --dccp-types REQUEST,RESET",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x21 ]\n"
               "[ payload load 1b @ transport + 8 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x1e ^ 0x00 ]\n"
               "[ lookup reg 1 in { 0x00, 0x0e } ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "dccp 192.0.2.1:40000 > 192.0.2.2:80 type 7",
        .miss = "dccp 192.0.2.1:40000 > 192.0.2.2:80 type 14",
    },
    {
        .rule = "-p dccp -m dccp ! --dccp-types ACK,INVALID",
        .canonical = "-p dccp -m dccp ! --dccp-types ACK,INVALID",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x21 ]\n"
               "[ payload load 1b @ transport + 8 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x1e ^ 0x00 ]\n"
               "[ lookup reg 1 in { 0x00-0x04, 0x08-0x12 } ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "dccp 192.0.2.1:40000 > 192.0.2.2:80 type 9",
        .miss = "dccp 192.0.2.1:40000 > 192.0.2.2:80 type 12",
    },
    {
        .rule = "-p dccp -m dccp --dport 80 ! --dccp-option 255",
        .canonical = "-p dccp -m dccp --dport 80 ! --dccp-option 255",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x21 ]\n"
               "[ payload load 2b @ transport + 2 => reg 1 ]\n"
               "[ cmp eq reg 1 0x0050 ]\n"
               "[ match dccp rev 0 0x0000000000000000080008000000ff00 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "dccp 192.0.2.1:40000 > 192.0.2.2:80 type 2",
        .miss = "dccp 192.0.2.1:40000 > 192.0.2.2:81 type 2",
    },
    {
        .rule = "-p dccp -m dccp --dccp-option 0x20",
        .canonical = "-p dccp -m dccp --dccp-option 32",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x21 ]\n"
               "[ match dccp rev 0 0x00000000000000000800000000002000 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "dccp 192.0.2.1:40000 > 192.0.2.2:80 type 2",
        .miss = "dccp 192.0.2.1:40000 > 192.0.2.2:80 type 3",
        .shown_by = "sctp_dccp_test.cpp",
    },
};

constexpr Match kDccp{
    .name = "dccp",
    .protocols = kProtocols,
    .header = ir::Header{.form = ir::Header::Form::kDccp},
    .options = kOptions,
    .list_name = "dccp",
    .summary = "Looks at the DCCP header. Loaded by -p dccp as soon as one of its options is used.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kDccp));

}  // namespace

const Match& row() { return kDccp; }

}  // namespace bulkhead::ext::match_dccp
