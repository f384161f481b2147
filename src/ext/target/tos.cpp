// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/tos_bits.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_tos {
namespace {

constexpr uint8_t kOnlyOne = 1;

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  const auto [value, mask] = read_tos_bits(arguments.front().text);
  return ir::Action{
      ir::Assign{.field = &ir::kTypeOfService, .keep = static_cast<uint8_t>(~mask), .flip = value}};
}

constexpr Option other(std::string_view name, const ArgumentType& type, std::string_view help) {
  return {.name = name,
          .type = &type,
          .negation = Negation::kRefused,
          .group = kOnlyOne,
          .stands_for = "set-tos",
          .help = help};
}

constexpr Option kOptions[] = {
    {
        .name = "set-tos",
        .type = &kTosSet,
        .negation = Negation::kRefused,
        .group = kOnlyOne,
        .list = "{}",
        .help = "clears the bits of the mask, then flips those of the value",
        .sentence = "{}",
    },
    other("and-tos", kTosAnd, "keeps these bits only"),
    other("or-tos", kTosOr, "sets these bits"),
    other("xor-tos", kTosXor, "flips these bits"),
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -j TOS --set-tos 0x10",
        .canonical = "-p udp -j TOS --set-tos 0x10/0xff",
        .nft = "[ payload load 2b @ network + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xff00 ^ 0x0010 ]\n"
               "[ payload write reg 1 => 2b @ network + 0 checksum @ 10 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "mangle",
    },
    {
        .rule = "-p udp -j TOS --set-tos minimize-cost",
        .canonical = "-p udp -j TOS --set-tos 0x02/0x3f",
        .nft = "[ payload load 2b @ network + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfc0f ^ 0x0020 ]\n"
               "[ payload write reg 1 => 2b @ network + 0 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .table = "mangle",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j TOS --and-tos 0x12",
        .canonical = "-p udp -j TOS --set-tos 0x00/0xed",
        .nft = "[ payload load 2b @ network + 0 => reg 1 ]\n"
               "[ bitwise reg 1 & 0xff12 ^ 0x0000 ]\n"
               "[ payload write reg 1 => 2b @ network + 0 checksum @ 10 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "mangle",
    },
};

constexpr Target kTos{
    .name = "TOS",
    .tables = "mangle",
    .options = kOptions,
    .bare_error = "TOS: An action is required",
    .summary =
        "Changes the type of service of IPv4 or the traffic class of IPv6, with the two bits of "
        "explicit congestion notification in it, and goes on with the next rule.",
    .sentence = "its type of service is",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kTos));

}  // namespace

const Target& row() { return kTos; }

}  // namespace bulkhead::ext::target_tos
