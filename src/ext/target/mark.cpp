// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/mark_bits.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_mark {
namespace {

constexpr uint8_t kOnlyOne = 1;

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  const auto [value, mask] = read_mark_bits(arguments.front().text);
  return ir::Action{ir::Assign{.field = &ir::kPacketMark, .keep = uint32_t{~mask}, .flip = value}};
}

constexpr Option kOptions[] = {
    mark_xset_option(kOnlyOne, "{}"), mark_set_option(kOnlyOne), mark_and_option(kOnlyOne),
    mark_or_option(kOnlyOne),         mark_xor_option(kOnlyOne),
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j MARK --set-mark 1",
        .canonical = "-p tcp -j MARK --set-xmark 0x1/0xffffffff",
        .nft = "[ immediate 0x01000000 => reg 1 ]\n"
               "[ meta set mark with reg 1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p tcp -j MARK --set-mark 0x1/0x2",
        .canonical = "-p tcp -j MARK --set-xmark 0x1/0x3",
        .nft = "[ meta load mark => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfcffffff ^ 0x01000000 ]\n"
               "[ meta set mark with reg 1 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .table = "mangle",
    },
    {
        .rule = "-p tcp -j MARK --and-mark 0xff",
        .canonical = "-p tcp -j MARK --set-xmark 0x0/0xffffff00",
        .nft = "[ meta load mark => reg 1 ]\n"
               "[ bitwise reg 1 & 0xff000000 ^ 0x00000000 ]\n"
               "[ meta set mark with reg 1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p tcp -j MARK --or-mark 0x80",
        .canonical = "-p tcp -j MARK --set-xmark 0x80/0x80",
        .nft = "[ meta load mark => reg 1 ]\n"
               "[ bitwise reg 1 & 0x7fffffff ^ 0x80000000 ]\n"
               "[ meta set mark with reg 1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "security",
    },
    {
        .rule = "-p tcp -j MARK --xor-mark 0x80",
        .canonical = "-p tcp -j MARK --set-xmark 0x80/0x0",
        .nft = "[ meta load mark => reg 1 ]\n"
               "[ bitwise reg 1 & 0xffffffff ^ 0x80000000 ]\n"
               "[ meta set mark with reg 1 ]",
        .hit = "tcp 192.0.2.2:40000 > 192.0.2.1:22 out eth0",
        .miss = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
};

constexpr Target kMark{
    .name = "MARK",
    .options = kOptions,
    .list_name = "MARK",
    .bare_error = "MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required",
    .summary =
        "Puts a mark on the packet in the kernel, for later rules (mark) and for routing (ip rule "
        "fwmark); nothing of it is on the wire. Goes on with the next rule.",
    .sentence = "its mark is",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kMark));

}  // namespace

const Target& row() { return kMark; }

}  // namespace bulkhead::ext::target_mark
