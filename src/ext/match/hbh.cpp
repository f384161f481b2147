// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/ip6_options.h"
#include "ext/argument/number.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "ext/xt_opts.h"

namespace bulkhead::ext::match_hbh {
namespace {

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Predicate{xt_opts("hbh", arguments)};
}

constexpr Option kOptions[] = {
    {
        .name = "hbh-len",
        .type = &kNumber<0, UINT32_MAX>,
        .list = "length:{!}{}",
        .help = "length of the hop-by-hop options header in bytes",
        .sentence = "its hop-by-hop options header is {not }{} bytes long",
    },
    {
        .name = "hbh-opts",
        .type = &kIp6Options,
        .negation = Negation::kRefused,
        .list = "opts {}",
        .help = "the hop-by-hop options that it begins with: types, and the lengths of their data",
        .sentence = "its hop-by-hop options begin with {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m hbh --hbh-len 8",
        .canonical = "-m hbh --hbh-len 8",
        .nft = "[ match hbh rev 0 0x0800000001(35 zeros) ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header hbh:001e0400000000",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header dst:001e0400000000",
    },
    {
        .rule = "-m hbh ! --hbh-len 8",
        .canonical = "-m hbh ! --hbh-len 8",
        .nft = "[ match hbh rev 0 0x080000000101(34 zeros) ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header "
               "hbh:011e04000000000101001e03000000",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header hbh:001e0400000000",
    },
    {
        .rule = "-m hbh --hbh-opts 0x1e:4,1",
        .canonical = "-m hbh --hbh-opts 30:4,1",
        .nft =
            "[ match hbh rev 0 "
            "0x000000000200041eff01000000000000000000000000000000000000000000000000000000000200 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header "
               "hbh:011e04000000000101001e03000000",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header "
                "hbh:010101001e04000000001e03000000",
    },
};

constexpr Match kHbh{
    .name = "hbh",
    .families = Families::kIpv6,
    .options = kOptions,
    .list_name = "hbh",
    .summary =
        "Looks at the packet's IPv6 hop-by-hop options header. Holds for no packet without one.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kHbh));

}  // namespace

const Match& row() { return kHbh; }

}  // namespace bulkhead::ext::match_hbh
