// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_eui64 {
namespace {

// Its argument is an int that nobody reads.
Result<ir::Predicate> lower(std::span<const ir::Argument>, const Context&) {
  return ir::Predicate{xt_match<int>("eui64", 0, [](int&) {})};
}

constexpr Example kExamples[] = {
    {
        .rule = "-m eui64",
        .canonical = "-m eui64",
        .nft = "[ match eui64 rev 0 0x0000000000000000 ]",
        .hit = "udp [2001:db8::11:22ff:fe33:4455]:40000 > [2001:db8::2]:53 in eth0 "
               "mac 02:11:22:33:44:55",
        .miss = "udp [2001:db8::11:22ff:fe33:4455]:40000 > [2001:db8::2]:53 in eth0 "
                "mac 02:11:22:33:44:56",
    },
    {
        .rule = "-m eui64",
        .canonical = "-m eui64",
        .nft = "[ match eui64 rev 0 0x0000000000000000 ]",
        .hit = "udp [2001:db8::211:22ff:fe33:4455]:40000 > [2001:db8::2]:53 in eth0 "
               "mac 00:11:22:33:44:55",
        .miss = "udp [2001:db8::11:22ff:fe33:4455]:40000 > [2001:db8::2]:53 in eth0 "
                "mac 00:11:22:33:44:55",
    },
};

constexpr Match kEui64{
    .name = "eui64",
    .families = Families::kIpv6,
    .list_name = "eui64 ",
    .list_glued = true,
    .hooks = "PREROUTING INPUT FORWARD",
    .summary =
        "The lower half of the source address is made from the Ethernet address that the packet "
        "came from (RFC 4291, appendix A). Has no options.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kEui64));

}  // namespace

const Match& row() { return kEui64; }

}  // namespace bulkhead::ext::match_eui64
