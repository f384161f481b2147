// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "ext/argument/host_mask.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_netmap {
namespace {

// Unlike elsewhere the bits that don't count are lost, and a whole address is shown with its
// length.
Result<std::string> parse_network(std::span<const std::string_view> words, const Context& context) {
  const Result<std::string> host = parse_host_mask(words, context);
  if (!host) return host.error();
  const auto [address, mask] = read_host_mask(*host, context.family);
  return net::to_string(
      net::Network{.address = {context.family, address.value & mask}, .mask = mask});
}

constexpr ArgumentType kNetwork{
    .words = "address[/mask]",
    .parse = parse_network,
};

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  const auto [first, mask] = read_host_mask(arguments.front().text, context.family);
  const U128 rest = low_bits(net::address_bits(context.family)) & ~mask;
  return ir::Action{
      ir::Nat{.kind = ir::Nat::Kind::kNetmap,
              .addresses = ir::Nat::Addresses{first, {context.family, first.value | rest}}}};
}

constexpr Option kOptions[] = {
    {
        .name = "to",
        .type = &kNetwork,
        .negation = Negation::kRefused,
        .required = true,
        .list = "to:{}",
        .help = "the new network; what of an address its mask leaves out stays",
        .sentence = "{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m iprange --dst-range 198.18.0.0-198.18.0.255 -j NETMAP --to 203.0.113.77/24",
        .canonical = "-m iprange --dst-range 198.18.0.0-198.18.0.255 -j NETMAP --to 203.0.113.0/24",
        .nft = "[ payload load 4b @ network + 16 => reg 1 ]\n"
               "[ bitwise reg 1 & 0x000000ff ^ 0xcb007100 ]\n"
               "[ dnat ip addr reg 1-1 ]",
        .hit = "udp 192.0.2.1:40000 > 198.18.0.9:53 in eth0",
        .miss = "udp 192.0.2.1:40000 > 198.18.1.9:53 in eth0",
        .table = "nat",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j NETMAP --to 2001:db8:1::9",
        .canonical = "-p udp -j NETMAP --to 2001:db8:1::9/128",
        .nft = "[ immediate 0x20010db8000100000000000000000009 => reg 1 ]\n"
               "[ dnat ip6 addr reg 1-1 ]",
        .hit = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .miss = "tcp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .table = "nat",
        .chain = "OUTPUT",
    },
};

constexpr Target kNetmap{
    .name = "NETMAP",
    .tables = "nat",
    .options = kOptions,
    .summary =
        "Puts the packet into another network, host by host: its destination in PREROUTING and "
        "OUTPUT, its source in POSTROUTING and INPUT. A chain can't be reached from both sides.",
    .sentence = "its address is put into the network",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kNetmap));

}  // namespace

const Target& row() { return kNetmap; }

}  // namespace bulkhead::ext::target_netmap
