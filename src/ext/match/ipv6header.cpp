// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter_ipv6/ip6t_ipv6header.h>

#include "ext/argument/given.h"
#include "ext/argument/ip6_headers.h"
#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_ipv6header {
namespace {

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const ir::Argument* headers = given(arguments, "header");
  if (headers == nullptr) return usage_error("ipv6header: option \"--header\" must be specified");
  return ir::Predicate{
      xt_match<ip6t_ipv6header_info>("ipv6header", 0, [&](ip6t_ipv6header_info& info) {
        info.matchflags = ip6_header_bits(headers->text);
        if (headers->negated) info.invflags = UINT8_MAX;
        if (given(arguments, "soft") != nullptr) info.modeflag = UINT8_MAX;
      })};
}

constexpr Option kOptions[] = {
    {
        .name = "header",
        .type = &kIp6Headers,
        .required = true,
        .list = "flags:{!}{}",
        .help = "the packet has these headers and no others",
        .sentence = "its headers are {not }{}",
    },
    {
        .name = "soft",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "soft",
        .help = "the packet may have others; negated, it has none of them",
        .sentence = "and perhaps others",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m ipv6header --header hop,prot",
        .canonical = "-m ipv6header --header hop-by-hop,protocol",
        .nft = "[ match ipv6header rev 0 0x8100000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header hbh:001e0400000000",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header hbh:001e0400000000 "
                "header dst:001e0400000000",
    },
    {
        .rule = "-m ipv6header --header dst --soft",
        .canonical = "-m ipv6header --header ipv6-opts --soft",
        .nft = "[ match ipv6header rev 0 0x4000ff0000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header hbh:001e0400000000 "
               "header dst:001e0400000000",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header hbh:001e0400000000",
    },
    {
        .rule = "-m ipv6header ! --header protocol",
        .canonical = "-m ipv6header ! --header protocol",
        .nft = "[ match ipv6header rev 0 0x01ff000000000000 ]",
        .hit = "esp 2001:db8::1 > 2001:db8::2 data 0x0000010000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
    {
        .rule = "-m ipv6header ! --header esp,auth --soft",
        .canonical = "-m ipv6header ! --header ah,esp --soft",
        .nft = "[ match ipv6header rev 0 0x0cffff0000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header hbh:001e0400000000",
        .miss = "esp 2001:db8::1 > 2001:db8::2 data 0x0000010000000001",
    },
};

constexpr Match kIpv6header{
    .name = "ipv6header",
    .families = Families::kIpv6,
    .options = kOptions,
    .list_name = "ipv6header",
    .summary = "Which headers the packet has. ESP hides those behind it.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kIpv6header));

}  // namespace

const Match& row() { return kIpv6header; }

}  // namespace bulkhead::ext::match_ipv6header
