// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_cgroup.h>

#include <algorithm>
#include <cerrno>

#include "ext/argument/number.h"
#include "ext/argument/text.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_cgroup {
namespace {

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  if (arguments.size() != 1)
    return kernel_refusal(EINVAL, "match cgroup needs either --path or --cgroup");
  const ir::Argument& argument = arguments.front();
  return ir::Predicate{xt_match<xt_cgroup_info_v2>("cgroup", 2, [&](xt_cgroup_info_v2& info) {
    const uint8_t negated = argument.negated ? 1 : 0;
    if (argument.option == "path") {
      info.has_path = 1;
      info.invert_path = negated;
      std::ranges::copy(argument.text, info.path);
    } else {
      info.has_classid = 1;
      info.invert_classid = negated;
      info.classid = static_cast<uint32_t>(canonical_number(argument.text));
    }
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "path",
        .type = &kText<0, XT_CGROUP_PATH_MAX - 1>,
        .list = "{! }{}",
        .help = "the group's path below the root of cgroup2, or one above the group's",
        .sentence = "the control group that sends it is {not }{}, or below",
    },
    {
        .name = "cgroup",
        .type = &kNumber<0, UINT32_MAX>,
        .list = "{! }{}",
        .help = "the group's number in the controller net_cls",
        .sentence = "the net_cls number of what sends it is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -m cgroup --path /",
        .canonical = "-p udp -m cgroup --path \"/\"",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match cgroup rev 2 0x010000002f(523 zeros) ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .miss = "tcp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m cgroup ! --path user.slice",
        .canonical = "-m cgroup ! --path \"user.slice\"",
        .nft = "[ match cgroup rev 2 0x01000100757365722e736c696365(514 zeros) ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .miss = "udp 192.0.2.2:40000 > 192.0.2.1:54 out eth0",
        .shown_by = "cgroup_test.cpp",
    },
    {
        .rule = "-p udp -m cgroup --cgroup 0",
        .canonical = "-p udp -m cgroup --cgroup 0",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match cgroup rev 2 0x0001(526 zeros) ]",
        .hit = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .miss = "tcp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
    },
    {
        .rule = "-p udp -m cgroup ! --cgroup 0x100001",
        .canonical = "-p udp -m cgroup ! --cgroup 1048577",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match cgroup rev 2 0x00010001010010(521 zeros) ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
        .miss = "tcp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
};

constexpr Match kCgroup{
    .name = "cgroup",
    .options = kOptions,
    .list_name = "cgroup",
    .hooks = "INPUT OUTPUT POSTROUTING",
    .summary =
        "Which control group the process is in whose socket sends the packet, or gets it. Holds "
        "for "
        "no packet without a socket, negated or not.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kCgroup));

}  // namespace

const Match& row() { return kCgroup; }

}  // namespace bulkhead::ext::match_cgroup
