// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/mac.h"

#include <net/if_arp.h>

#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_mac {
namespace {

// mac_mt() of net/netfilter/xt_mac.c: negated or not, it holds only for what came over Ethernet
// and still has that header.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  constexpr unsigned kMacBits = 48;
  const ir::Argument& source = arguments.front();
  const ir::ValueSet given = mac_values(source.text, context).values;
  return ir::Predicate{
      ir::Constraint{.field = &ir::kInDeviceType,
                     .mask = low_bits(16),
                     .values = ir::ValueSet::of(ARPHRD_ETHER)},
      ir::Constraint{.field = &ir::kSourceMac,
                     .mask = low_bits(kMacBits),
                     .values = source.negated ? given.complement(kMacBits) : given},
  };
}

constexpr Option kOptions[] = {
    {
        .name = "mac-source",
        .type = &kMac,
        .required = true,
        .list = "{! }{}",
        .help = "the Ethernet address that it came from, the last hop's",
        .sentence = "its source MAC address is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m mac --mac-source 2:0:5E:10:0:1",
        .canonical = "-m mac --mac-source 02:00:5e:10:00:01",
        .nft = "[ meta load iiftype => reg 1 ]\n"
               "[ cmp eq reg 1 0x0100 ]\n"
               "[ payload load 6b @ link + 6 => reg 1 ]\n"
               "[ cmp eq reg 1 0x02005e100001 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0 mac 02:00:5e:10:00:01",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0 mac 02:00:5e:10:00:02",
    },
    {
        .rule = "-m mac ! --mac-source 02:00:5e:10:00:01",
        .canonical = "-m mac ! --mac-source 02:00:5e:10:00:01",
        .nft = "[ meta load iiftype => reg 1 ]\n"
               "[ cmp eq reg 1 0x0100 ]\n"
               "[ payload load 6b @ link + 6 => reg 1 ]\n"
               "[ cmp neq reg 1 0x02005e100001 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 in eth0 mac 02:00:5e:10:00:02",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 in eth0 mac 02:00:5e:10:00:01",
    },
};

constexpr Match kMacRow{
    .name = "mac",
    .options = kOptions,
    .list_name = "MAC",
    .hooks = "PREROUTING INPUT FORWARD",
    .summary =
        "Looks at the source address of the Ethernet header. Holds for nothing that came another "
        "way, negated or not.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kMacRow));

}  // namespace

const Match& row() { return kMacRow; }

}  // namespace bulkhead::ext::match_mac
