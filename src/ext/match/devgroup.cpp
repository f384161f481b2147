// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_devgroup.h>

#include "ext/argument/named_number.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_devgroup {
namespace {

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Predicate{xt_match<xt_devgroup_info>("devgroup", 0, [&](xt_devgroup_info& info) {
    for (const ir::Argument& argument : arguments) {
      const MaskedNumber group = masked_number(argument.text);
      const bool source = argument.option == "src-group";
      info.flags |= source ? XT_DEVGROUP_MATCH_SRC : XT_DEVGROUP_MATCH_DST;
      if (argument.negated) info.flags |= source ? XT_DEVGROUP_INVERT_SRC : XT_DEVGROUP_INVERT_DST;
      (source ? info.src_group : info.dst_group) = group.value;
      (source ? info.src_mask : info.dst_mask) = group.mask;
    }
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "src-group",
        .type = &kNamedNumber<net::Names::Iproute::kInterfaceGroup>,
        .hooks = "PREROUTING INPUT FORWARD",
        .list = "{! }src-group {}",
        .help = "the group of the incoming interface, or some of its bits; or its name",
        .sentence = "its incoming interface's group is {not }{}",
    },
    {
        .name = "dst-group",
        .type = &kNamedNumber<net::Names::Iproute::kInterfaceGroup>,
        .hooks = "FORWARD OUTPUT POSTROUTING",
        .list = "{! }dst-group {}",
        .help = "the group of the outgoing interface, or some of its bits; or its name",
        .sentence = "its outgoing interface's group is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m devgroup --src-group 7",
        .canonical = "-m devgroup --src-group 0x7",
        .nft = "[ match devgroup rev 0 0x0100000007000000ffffffff000000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth1",
        .shown_by = "surroundings_test.cpp",
    },
    {
        .rule = "-m devgroup --dst-group 0x10/0xf0 ! --src-group 7",
        .canonical = "-m devgroup ! --src-group 0x7 --dst-group 0x10/0xf0",
        .nft = "[ match devgroup rev 0 0x0700000007000000ffffffff10000000f000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 203.0.113.1:53 in eth0 out eth1",
        .miss = "udp 203.0.113.1:40000 > 192.0.2.1:53 in eth1 out eth0",
        .shown_by = "surroundings_test.cpp",
    },
    {
        .rule = "-p udp -m devgroup ! --dst-group 1",
        .canonical = "-p udp -m devgroup ! --dst-group 0x1",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match devgroup rev 0 0x0c000000000000000000000001000000ffffffff00000000 ]",
        .hit = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .miss = "tcp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
    },
};

constexpr Match kDevgroup{
    .name = "devgroup",
    .options = kOptions,
    .bare_error = "devgroup match: You must specify either '--src-group' or '--dst-group'",
    .summary = "The groups that ip-link(8) has put the packet's interfaces into; 0 unless it has.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kDevgroup));

}  // namespace

const Match& row() { return kDevgroup; }

}  // namespace bulkhead::ext::match_devgroup
