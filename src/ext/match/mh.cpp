// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter_ipv6/ip6t_mh.h>
#include <netinet/in.h>

#include "ext/argument/given.h"
#include "ext/argument/mobility_type.h"
#include "ext/argument/number_range.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_mh {
namespace {

// The kernel's own match: it also drops what is cut off, or says that something follows it.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const ir::Argument* types = given(arguments, "mh-type");
  const NumberRange range = read_number_range(types == nullptr ? kAnyMobilityType : types->text);
  return ir::Predicate{xt_match<ip6t_mh>("mh", 0, [&](ip6t_mh& info) {
    info.types[0] = static_cast<uint8_t>(range.first);
    info.types[1] = static_cast<uint8_t>(range.last);
    if (types != nullptr && types->negated) info.invflags = IP6T_MH_INV_TYPE;
  })};
}

constexpr uint8_t kProtocols[] = {IPPROTO_MH};

constexpr Option kOptions[] = {
    {
        .name = "mh-type",
        .type = &kMobilityTypes,
        .fallback = kAnyMobilityType,
        .list = "{!}{}",
        .help = "type of the message, or a range of types",
        .sentence = "its mobility message is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p mh -m mh --mh-type bu",
        .canonical = "-p mobility-header -m mh --mh-type 5",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x87 ]\n"
               "[ match mh rev 0 0x0505000000000000 ]",
        .hit = "mh 2001:db8::1 > 2001:db8::2 data 0x3b00050000000000",
        .miss = "mh 2001:db8::1 > 2001:db8::2 data 0x3b00060000000000",
    },
    {
        .rule = "-p ipv6-mh -m mh ! --mh-type home-test-init:hot",
        .canonical = "-p mobility-header -m mh ! --mh-type 1:3",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x87 ]\n"
               "[ match mh rev 0 0x0103010000000000 ]",
        .hit = "mh 2001:db8::1 > 2001:db8::2 data 0x3b00040000000000",
        .miss = "mh 2001:db8::1 > 2001:db8::2 data 0x3b00030000000000",
    },
    {
        .rule = "-p mobility-header -m mh --mh-type :",
        .canonical = "-p mobility-header -m mh",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x87 ]\n"
               "[ match mh rev 0 0x00ff000000000000 ]",
        .hit = "mh 2001:db8::1 > 2001:db8::2 data 0x3b00ff0000000000",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
};

constexpr Match kMh{
    .name = "mh",
    .families = Families::kIpv6,
    .protocols = kProtocols,
    .options = kOptions,
    .list_name = "mh",
    .summary =
        "Looks at the header of Mobile IPv6 messages (RFC 6275). Loaded by -p mh as soon as its "
        "option is used. A message that is cut off, or that something follows, is dropped.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kMh));

}  // namespace

const Match& row() { return kMh; }

}  // namespace bulkhead::ext::match_mh
