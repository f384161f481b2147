// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_realm.h>

#include "ext/argument/named_number.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_realm {
namespace {

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Predicate{xt_match<xt_realm_info>("realm", 0, [&](xt_realm_info& info) {
    for (const ir::Argument& argument : arguments) {
      const MaskedNumber realm = masked_number(argument.text);
      info.id = realm.value;
      info.mask = realm.mask;
      info.invert = argument.negated ? 1 : 0;
    }
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "realm",
        .type = &kNamedNumber<net::Names::Iproute::kRealm>,
        .required = true,
        .list = "{! }realm {}",
        .help = "the realm, or those of its bits that the mask has; or its name",
        .sentence = "its route's realm is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m realm --realm 42",
        .canonical = "-m realm --realm 0x2a",
        .nft = "[ match realm rev 0 0x2a000000ffffffff0000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth1",
        .shown_by = "surroundings_test.cpp",
    },
    {
        .rule = "-p udp -m realm ! --realm 0x1/0x2b",
        .canonical = "-p udp -m realm ! --realm 0x1/0x2b",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match realm rev 0 0x010000002b0000000100000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
};

constexpr Match kRealm{
    .name = "realm",
    .families = Families::kIpv4,
    .options = kOptions,
    .hooks = "INPUT FORWARD OUTPUT POSTROUTING",
    .summary =
        "The realm of the packet's route (ip-route(8)): the destination's, and in the upper 16 "
        "bits the source's.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kRealm));

}  // namespace

const Match& row() { return kRealm; }

}  // namespace bulkhead::ext::match_realm
