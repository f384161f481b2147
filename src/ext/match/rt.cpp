// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter_ipv6/ip6t_rt.h>

#include <fmt/format.h>

#include "core/byte_order.h"
#include "ext/argument/given.h"
#include "ext/argument/ip6_addresses.h"
#include "ext/argument/number.h"
#include "ext/argument/range32.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_rt {
namespace {

struct Flag {
  std::string_view option;
  uint8_t bit;
  uint8_t inverse;
};

constexpr Flag kFlags[] = {
    {"rt-type", IP6T_RT_TYP, IP6T_RT_INV_TYP},
    {"rt-segsleft", IP6T_RT_SGS, IP6T_RT_INV_SGS},
    {"rt-len", IP6T_RT_LEN, IP6T_RT_INV_LEN},
    {"rt-0-res", IP6T_RT_RES, 0},
    {"rt-0-addrs", IP6T_RT_FST, 0},
    {"rt-0-not-strict", IP6T_RT_FST_NSTRICT, 0},
};

constexpr std::string_view kReservedError = "`--rt-type 0' required before `--rt-0-res'";
constexpr std::string_view kAddressesError = "`--rt-type 0' required before `--rt-0-addrs'";

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const ir::Argument* type = given(arguments, "rt-type");
  const bool type_0 = type != nullptr && !type->negated && type->text == "0";
  if (!type_0 && given(arguments, "rt-0-res") != nullptr)
    return usage_error(std::string(kReservedError));
  if (!type_0 && given(arguments, "rt-0-addrs") != nullptr)
    return usage_error(std::string(kAddressesError));

  return ir::Predicate{xt_match<ip6t_rt>("rt", 0, [&](ip6t_rt& info) {
    for (const Flag& flag : kFlags) {
      if (given(arguments, flag.option) != nullptr) info.flags |= flag.bit;
      if (given_negated(arguments, flag.option)) info.invflags |= flag.inverse;
    }
    const auto number = [&](std::string_view option) {
      const ir::Argument* argument = given(arguments, option);
      return argument == nullptr ? 0 : static_cast<uint32_t>(canonical_number(argument->text));
    };
    info.rt_type = number("rt-type");
    info.hdrlen = number("rt-len");
    fill_range32(arguments, "rt-segsleft", info.segsleft);
    const ir::Argument* addresses = given(arguments, "rt-0-addrs");
    if (addresses == nullptr) return;
    for (const net::Address& address : read_ip6_addresses(addresses->text))
      store_be(address.value, info.addrs[info.addrnr++].s6_addr);
  })};
}

// iptables shows the number as if it had a sign.
std::string list_type(std::string_view canonical, bool, const Context&) {
  return fmt::format("{}", static_cast<int32_t>(canonical_number(canonical)));
}

constexpr ArgumentType kType{
    .words = "number",
    .parse = kNumber<0, UINT32_MAX>.parse,
    .list = list_type,
    .say = [](std::string_view canonical, const Context&) { return std::string(canonical); },
};

constexpr Option kOptions[] = {
    {
        .name = "rt-type",
        .type = &kType,
        .list = "type:{!}{}",
        .help = "type of the routing header",
        .sentence = "its routing header is {not }of type {}",
    },
    {
        .name = "rt-segsleft",
        .type = &kRange32,
        .fallback = kAnyRange32,
        .list = "segsleft:{!}{}",
        .list_many = "segslefts:{!}{}",
        .help = "how many segments are left, or a range of them",
        .sentence = "it has {not }{} segments left",
    },
    {
        .name = "rt-len",
        .type = &kNumber<0, UINT32_MAX>,
        .list = "length:{!}{}",
        .help = "length of the routing header in bytes",
        .sentence = "its routing header is {not }{} bytes long",
    },
    {
        .name = "rt-0-res",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .after = "rt-type",
        .after_error = kReservedError,
        .list = "reserved",
        .help = "the reserved field is zero (only with --rt-type 0)",
        .sentence = "the reserved field of its routing header is zero",
    },
    {
        .name = "rt-0-addrs",
        .type = &kIp6Addresses,
        .negation = Negation::kRefused,
        .after = "rt-type",
        .after_error = kAddressesError,
        .list = "0-addrs {}",
        .help = "the addresses in it are these (only with --rt-type 0)",
        .sentence = "its routing header names {}",
    },
    {
        .name = "rt-0-not-strict",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .after = "rt-0-addrs",
        .after_error = "`--rt-0-addr ...' required before `--rt-0-not-strict'",
        .list = "0-not-strict",
        .help = "others may stand between the addresses",
        .sentence = "perhaps with others between",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m rt --rt-type 0 --rt-segsleft 1:2 --rt-len 24 --rt-0-res",
        .canonical = "-m rt --rt-type 0 --rt-segsleft 1:2 --rt-len 24 --rt-0-res",
        .nft = "[ match rt rev 0 0x000000000100000002000000180000000f(263 zeros) ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:0200010000000020010db8000000000000000000000009",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:0200010000000120010db8000000000000000000000009",
    },
    {
        .rule = "-m rt ! --rt-type 0 ! --rt-segsleft 1 ! --rt-len 40",
        .canonical = "-m rt ! --rt-type 0 ! --rt-segsleft 1 ! --rt-len 40",
        .nft = "[ match rt rev 0 0x000000000100000001000000280000000707(262 zeros) ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:0202000000000020010db8000000000000000000000009",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:0202010000000020010db8000000000000000000000009",
    },
    {
        .rule = "-m rt --rt-type 0 --rt-0-addrs 2001:DB8::9",
        .canonical = "-m rt --rt-type 0 --rt-0-addrs 2001:db8::9",
        .nft = "[ match rt rev 0 "
               "0x0000000000000000ffffffff000000001100000020010db8000000000000000000000009(240 "
               "zeros)01000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:0200010000000020010db8000000000000000000000009",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:0200010000000020010db800000000000000000000000a",
    },
    {
        .rule = "-m rt --rt-type 0 --rt-0-addrs 2001:db8::9 --rt-0-not-strict",
        .canonical = "-m rt --rt-type 0 --rt-0-addrs 2001:db8::9 --rt-0-not-strict",
        .nft = "[ match rt rev 0 "
               "0x0000000000000000ffffffff000000003100000020010db8000000000000000000000009(240 "
               "zeros)01000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:0400010000000020010db800000000000000000000000a"
               "20010db8000000000000000000000009",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:0400010000000020010db800000000000000000000000a"
                "20010db800000000000000000000000b",
    },
};

constexpr Match kRt{
    .name = "rt",
    .families = Families::kIpv6,
    .options = kOptions,
    .list_name = "rt",
    .summary = "Looks at the packet's IPv6 routing header. Holds for no packet without one.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kRt));

}  // namespace

const Match& row() { return kRt; }

}  // namespace bulkhead::ext::match_rt
