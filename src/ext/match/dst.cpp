// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/ip6_options.h"
#include "ext/argument/number.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "ext/xt_opts.h"

namespace bulkhead::ext::match_dst {
namespace {

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Predicate{xt_opts("dst", arguments)};
}

constexpr Option kOptions[] = {
    {
        .name = "dst-len",
        .type = &kNumber<0, UINT32_MAX>,
        .list = "length:{!}{}",
        .help = "length of the destination options header in bytes",
        .sentence = "its destination options header is {not }{} bytes long",
    },
    {
        .name = "dst-opts",
        .type = &kIp6Options,
        .negation = Negation::kRefused,
        .list = "opts {}",
        .help = "the destination options that it begins with: types, and the lengths of their data",
        .sentence = "its destination options begin with {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m dst --dst-len 8",
        .canonical = "-m dst --dst-len 8",
        .nft = "[ match dst rev 0 0x0800000001(35 zeros) ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header dst:001e0400000000",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header hbh:001e0400000000",
    },
    {
        .rule = "-m dst ! --dst-len 8",
        .canonical = "-m dst ! --dst-len 8",
        .nft = "[ match dst rev 0 0x080000000101(34 zeros) ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header "
               "dst:011e04000000000101001e03000000",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header dst:001e0400000000",
    },
    {
        .rule = "-m dst --dst-opts 0x1e:4,1",
        .canonical = "-m dst --dst-opts 30:4,1",
        .nft =
            "[ match dst rev 0 "
            "0x000000000200041eff01000000000000000000000000000000000000000000000000000000000200 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header "
               "dst:011e04000000000101001e03000000",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header "
                "dst:010101001e04000000001e03000000",
    },
};

constexpr Match kDst{
    .name = "dst",
    .families = Families::kIpv6,
    .options = kOptions,
    .list_name = "dst",
    .summary =
        "Looks at the packet's first IPv6 destination options header. Holds for no packet without "
        "one.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kDst));

}  // namespace

const Match& row() { return kDst; }

}  // namespace bulkhead::ext::match_dst
