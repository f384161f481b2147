// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/number.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_connsecmark {
namespace {

constexpr uint8_t kOnlyOne = 1;

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Action{ir::ConnectionSecurityMark{.restore = arguments.front().option == "restore"}};
}

constexpr Option kOptions[] = {
    {
        .name = "save",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOnlyOne,
        .list = "save",
        .help = "copies the packet's to the connection, if that has none",
        .sentence = "copied to its connection",
    },
    {
        .name = "restore",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOnlyOne,
        .list = "restore",
        .help = "copies the connection's to the packet, if that has none",
        .sentence = "copied from its connection",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j CONNSECMARK --save",
        .canonical = "-p tcp -j CONNSECMARK --save",
        .nft = "[ ct load secmark => reg 1 ]\n"
               "[ cmp eq reg 1 0x00000000 ]\n"
               "[ meta load secmark => reg 1 ]\n"
               "[ cmp neq reg 1 0x00000000 ]\n"
               "[ ct set secmark with reg 1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "mangle",
    },
    {
        .rule = "-p tcp -j CONNSECMARK --restore",
        .canonical = "-p tcp -j CONNSECMARK --restore",
        .nft = "[ meta load secmark => reg 1 ]\n"
               "[ cmp eq reg 1 0x00000000 ]\n"
               "[ ct load secmark => reg 1 ]\n"
               "[ cmp neq reg 1 0x00000000 ]\n"
               "[ meta set secmark with reg 1 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .table = "security",
    },
};

constexpr Target kConnsecmark{
    .name = "CONNSECMARK",
    .tables = "mangle security",
    .options = kOptions,
    .list_name = "CONNSECMARK",
    .bare_error = "CONNSECMARK target: parameter required",
    .summary =
        "Copies the mark that a security module reads between the packet and its connection, and "
        "goes on with the next rule.",
    .sentence = "its security mark is",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kConnsecmark));

}  // namespace

const Target& row() { return kConnsecmark; }

}  // namespace bulkhead::ext::target_connsecmark
