// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/dscp.h"

#include "ext/argument/number.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_dscp {
namespace {

constexpr uint8_t kOnlyOne = 1;

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  const uint64_t dscp = leading_number(arguments.front().text, UINT8_MAX)->value;
  return ir::Action{ir::Assign{.field = &ir::kDscp, .keep = 0, .flip = dscp}};
}

constexpr Option kOptions[] = {
    {
        .name = "set-dscp",
        .type = &kDscp,
        .negation = Negation::kRefused,
        .group = kOnlyOne,
        .list = "set {}",
        .help = "the codepoint, 0 to 63 (0x3f)",
        .sentence = "set to {}",
    },
    {
        .name = "set-dscp-class",
        .type = &kDscpClass,
        .negation = Negation::kRefused,
        .group = kOnlyOne,
        .stands_for = "set-dscp",
        .help = "the codepoint by its class: BE, EF, AF11 to AF43, CS0 to CS7",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -j DSCP --set-dscp 10",
        .canonical = "-p udp -j DSCP --set-dscp 0x0a",
        .nft = "[ payload load 2b @ network + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xff03 ^ 0x0028 ]\n"
               "[ payload write reg 1 => 2b @ network + 0 checksum @ 10 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "mangle",
    },
    {
        .rule = "-p udp -j DSCP --set-dscp-class ef",
        .canonical = "-p udp -j DSCP --set-dscp 0x2e",
        .nft = "[ payload load 2b @ network + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xf03f ^ 0x0b80 ]\n"
               "[ payload write reg 1 => 2b @ network + 0 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .table = "mangle",
        .chain = "PREROUTING",
    },
};

constexpr Target kDscpTarget{
    .name = "DSCP",
    .tables = "mangle",
    .options = kOptions,
    .list_name = "DSCP",
    .bare_error = "DSCP target: Parameter --set-dscp is required",
    .summary =
        "Changes the DiffServ codepoint, six bits of the type of service (IPv4) or of the traffic "
        "class (IPv6), and goes on with the next rule.",
    .sentence = "its DSCP is",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kDscpTarget));

}  // namespace

const Target& row() { return kDscpTarget; }

}  // namespace bulkhead::ext::target_dscp
