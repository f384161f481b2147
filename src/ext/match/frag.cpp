// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter_ipv6/ip6t_frag.h>

#include <fmt/format.h>

#include "ext/argument/given.h"
#include "ext/argument/number.h"
#include "ext/argument/range32.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_frag {
namespace {

struct Flag {
  std::string_view option;
  uint8_t bit;
  std::string_view shown;  // by -L
};

constexpr Flag kFlags[] = {
    {"fragid", IP6T_FRAG_IDS, ""},          {"fraglen", IP6T_FRAG_LEN, ""},
    {"fragres", IP6T_FRAG_RES, "reserved"}, {"fragfirst", IP6T_FRAG_FST, "first"},
    {"fragmore", IP6T_FRAG_MF, "more"},     {"fraglast", IP6T_FRAG_NMF, "last"},
};

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Predicate{xt_match<ip6t_frag>("frag", 0, [&](ip6t_frag& info) {
    fill_range32(arguments, "fragid", info.ids);
    if (given_negated(arguments, "fragid")) info.invflags |= IP6T_FRAG_INV_IDS;
    if (const ir::Argument* length = given(arguments, "fraglen"))
      info.hdrlen = static_cast<uint32_t>(canonical_number(length->text));
    if (given_negated(arguments, "fraglen")) info.invflags |= IP6T_FRAG_INV_LEN;
    for (const Flag& flag : kFlags) {
      if (given(arguments, flag.option) != nullptr) info.flags |= flag.bit;
    }
  })};
}

// The name is followed by a space, and each of the others follows one.
std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  std::string text = "frag ";
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "fragid") text += list_range32("id", argument);
    if (argument.option == "fraglen")
      text += fmt::format(" length:{}{}", argument.negated ? "!" : "", argument.text);
    for (const Flag& flag : kFlags) {
      if (argument.option == flag.option && !flag.shown.empty())
        text += fmt::format(" {}", flag.shown);
    }
  }
  return text;
}

constexpr uint8_t kMoreOrLast = 1;

constexpr Option kOptions[] = {
    {
        .name = "fragid",
        .type = &kRange32,
        .fallback = kAnyRange32,
        .help = "the number that all fragments of a packet have, or a range of them",
        .sentence = "the number of its fragmented packet is {not }{}",
    },
    {
        .name = "fraglen",
        .type = &kNumber<0, UINT32_MAX>,
        .help = "asks nothing: the kernel doesn't look at it",
        .sentence = "(the length of its fragment header isn't looked at)",
    },
    {
        .name = "fragres",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .help = "the reserved fields of the fragment header are zero",
        .sentence = "the reserved fields of its fragment header are zero",
    },
    {
        .name = "fragfirst",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .help = "it is the first fragment",
        .sentence = "it is the first fragment",
    },
    {
        .name = "fragmore",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kMoreOrLast,
        .help = "more fragments follow",
        .sentence = "more fragments follow",
    },
    {
        .name = "fraglast",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kMoreOrLast,
        .help = "it is the last fragment",
        .sentence = "it is the last fragment",
    },
};

// A connection's packets are put together before the rules see them, so these are not tracked.
constexpr Example kExamples[] = {
    {
        .rule = "-m frag --fragid 7:9 --fragfirst --fragmore",
        .canonical = "-m frag --fragid 7:9 --fragfirst --fragmore",
        .nft = "[ match frag rev 0 0x07000000090000000000000019000000 ]",
        .hit = "udp [2001:db8:ffff::1]:40000 > [2001:db8::2]:53 untracked "
               "header frag:00000100000009 data 0x0000000000000000",
        .miss = "udp [2001:db8:ffff::1]:40000 > [2001:db8::2]:53 untracked "
                "header frag:0000010000000a data 0x0000000000000000",
    },
    {
        .rule = "-m frag ! --fragid 7 --fragres --fraglast",
        .canonical = "-m frag ! --fragid 7 --fragres --fraglast",
        .nft = "[ match frag rev 0 0x07000000070000000000000025010000 ]",
        .hit = "udp [2001:db8:ffff::1]:40000 > [2001:db8::2]:53 untracked "
               "header frag:00000800000008 data 0x0000000000000000",
        .miss = "udp [2001:db8:ffff::1]:40000 > [2001:db8::2]:53 untracked "
                "header frag:00000c00000008 data 0x0000000000000000",
    },
    // The length is never asked.
    {
        .rule = "-m frag --fraglen 42 --fraglast",
        .canonical = "-m frag --fraglen 42 --fraglast",
        .nft = "[ match frag rev 0 0x00000000ffffffff2a00000022000000 ]",
        .hit = "udp [2001:db8:ffff::1]:40000 > [2001:db8::2]:53 untracked "
               "header frag:00000800000008 data 0x0000000000000000",
        .miss = "udp [2001:db8:ffff::1]:40000 > [2001:db8::2]:53 untracked "
                "header frag:00000900000008 data 0x0000000000000000",
    },
    {
        .rule = "-m frag ! --fraglen 8",
        .canonical = "-m frag ! --fraglen 8",
        .nft = "[ match frag rev 0 0x00000000ffffffff0800000002020000 ]",
        .hit = "udp [2001:db8:ffff::1]:40000 > [2001:db8::2]:53 untracked "
               "header frag:00000800000008 data 0x0000000000000000",
        .miss = "udp [2001:db8:ffff::1]:40000 > [2001:db8::2]:53 untracked",
    },
};

constexpr Match kFrag{
    .name = "frag",
    .families = Families::kIpv6,
    .options = kOptions,
    .list_name = "frag",
    .summary =
        "Looks at the packet's IPv6 fragment header. Holds for no packet without one; where "
        "connections are tracked, fragments have been put together before.",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kFrag));

}  // namespace

const Match& row() { return kFrag; }

}  // namespace bulkhead::ext::match_frag
