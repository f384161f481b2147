// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's own match works only in xtables' tables, not in ours, so it is said in nf_tables'
// words. rpfilter_mt() of net/ipv4/netfilter/ipt_rpfilter.c asks the routing table for a route back
// to the source: to an address of type UNICAST, or with --accept-local also LOCAL, and without
// --loose through the interface that the packet came in by. nft_fib4_eval() asks the same, but
//   - never says that there is a path to a LOCAL address: its type is asked besides;
//   - also says so for a BROADCAST, ANYCAST or MULTICAST address. By its type alone 0.0.0.0/8,
//     224.0.0.0/4 and 255.255.255.255 would be such, whatever their route is.
#include <linux/rtnetlink.h>

#include <cerrno>

#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_rpfilter {
namespace {

using ir::AnyOf;
using ir::Constraint;
using ir::Route;
using ir::ValueSet;

constexpr ir::Field path_field(std::string_view name, Route key) {
  return {name, "route back to the source", ir::Kind::kNumber, ir::at(key), ir::at(key)};
}
constexpr ir::Field type_field(std::string_view name, Route key) {
  return {name, "type of the source address", ir::Kind::kNumber, ir::at(key), ir::at(key)};
}

// By whether it must lead through the incoming interface, and whether the mark counts.
constexpr ir::Field kPath[2][2] = {
    {path_field("fib saddr oif", Route::kPathToSource),
     path_field("fib saddr . mark oif", Route::kPathToSourceByMark)},
    {path_field("fib saddr . iif oif", Route::kPathToSourceOnIn),
     path_field("fib saddr . mark . iif oif", Route::kPathToSourceOnInByMark)},
};
constexpr ir::Field kType[2] = {
    type_field("fib saddr type", Route::kSource),
    type_field("fib saddr . iif type", Route::kSourceOnIn),
};

struct Arguments {
  bool strict = true;
  bool by_mark = false;
  bool local = false;
  bool inverted = false;
};

Arguments read(std::span<const ir::Argument> arguments) {
  Arguments given;
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "loose") given.strict = false;
    if (argument.option == "validmark") given.by_mark = true;
    if (argument.option == "accept-local") given.local = true;
    if (argument.option == "invert") given.inverted = true;
  }
  return given;
}

// A condition and its opposite.
struct Question {
  const ir::Field* field;
  ValueSet yes;

  Constraint holds(bool wanted, net::Family family) const {
    const unsigned width = field->location(family).width;
    return {
        .field = field, .mask = low_bits(width), .values = wanted ? yes : yes.complement(width)};
  }
};

// (path or local) and (not odd or special); inverted by De Morgan, with "and" outside again, for
// that is what a predicate is.
ir::Predicate lower_ip4(const Arguments& given) {
  const Question path{&kPath[given.strict][given.by_mark], ValueSet::of(1)};
  const Question local{&kType[given.strict], ValueSet::of(RTN_LOCAL)};
  const Question odd{&kType[given.strict], ValueSet::range(RTN_BROADCAST, RTN_MULTICAST)};
  const Question special{
      &ir::kSource, ValueSet{{0, 0x00ffffff}, {0xe0000000, 0xefffffff}, {0xffffffff, 0xffffffff}}};
  const auto is = [](const Question& question, bool wanted) {
    return question.holds(wanted, net::Family::kIpv4);
  };
  ir::Predicate predicate;
  if (!given.inverted) {
    if (given.local) {
      predicate.emplace_back(AnyOf{{is(path, true), is(local, true)}});
    } else {
      predicate.emplace_back(is(path, true));
    }
    predicate.emplace_back(AnyOf{{is(odd, false), is(special, true)}});
    return predicate;
  }
  if (given.local) predicate.emplace_back(is(local, false));
  predicate.emplace_back(AnyOf{{is(path, false), is(odd, true)}});
  predicate.emplace_back(AnyOf{{is(path, false), is(special, false)}});
  return predicate;
}

// nft_fib6_eval() agrees about types of addresses, but asks for `::` where rpfilter_mt() takes it
// for good; and it looks at no more than the first of several routes to one prefix, where
// rpfilter_mt() looks for one through the interface: so without --loose more packets are taken for
// wrong than by ip6tables, never fewer.
Result<ir::Predicate> lower_ip6(const Arguments& given) {
  if (!given.inverted) {
    return kernel_refusal(EOPNOTSUPP,
                          "in IPv6 match rpfilter needs --invert: nf_tables can't ask for a route "
                          "or for an unspecified source in one rule");
  }
  const Question path{&kPath[given.strict][given.by_mark], ValueSet::of(1)};
  const Question local{&kType[0], ValueSet::of(RTN_LOCAL)};
  const Question unspecified{&ir::kSource, ValueSet::of(0)};
  const auto is_not = [](const Question& question) {
    return question.holds(false, net::Family::kIpv6);
  };
  ir::Predicate predicate{is_not(unspecified), is_not(path)};
  if (given.local) predicate.emplace_back(is_not(local));
  return predicate;
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  const Arguments given = read(arguments);
  if (context.family == net::Family::kIpv6) return lower_ip6(given);
  return lower_ip4(given);
}

constexpr Option kOptions[] = {
    {
        .name = "loose",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "loose",
        .help = "a route through any interface will do",
        .sentence = "through any interface",
    },
    {
        .name = "validmark",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "validmark",
        .help = "routes by the packet's mark, too",
        .sentence = "as its mark is routed",
    },
    {
        .name = "accept-local",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "accept-local",
        .help = "one of this host's own addresses as the source will do",
        .sentence = "or its source is this host's",
    },
    {
        .name = "invert",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "invert",
        .help = "holds where there is no route back",
        .sentence = "and that is not so",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m rpfilter",
        .canonical = "-m rpfilter",
        .nft = "[ fib saddr . iif oif present => reg 1 ]\n"
               "[ cmp eq reg 1 0x01 ]\n"
               "[ fib saddr . iif type => reg 1 ]\n"
               "[ byteorder reg 1 hton 4b ]\n"
               "[ payload load 4b @ network + 12 => reg 9 ]\n"
               "[ lookup reg 1 in { 0x0000000000000000-0x00000002ffffffff, "
               "0x0000000300000000-0x0000000500ffffff, 0x00000003e0000000-0x00000005efffffff, "
               "0x00000003ffffffff-0x00000005ffffffff, 0x0000000600000000-0xffffffffffffffff } ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 203.0.113.1:40000 > 192.0.2.2:53 in eth0",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-m rpfilter --invert",
        .canonical = "-m rpfilter --invert",
        .nft = "[ fib saddr . iif oif present => reg 1 ]\n"
               "[ fib saddr . iif type => reg 9 ]\n"
               "[ byteorder reg 9 hton 4b ]\n"
               "[ lookup reg 1 in { 0x0000000000000000-0x00000000ffffffff, "
               "0x0100000000000003-0x0100000000000005, "
               "0x0200000000000000-0xff000000ffffffff } ]\n"
               "[ fib saddr . iif oif present => reg 1 ]\n"
               "[ payload load 4b @ network + 12 => reg 9 ]\n"
               "[ lookup reg 1 in { 0x0000000000000000-0x00000000ffffffff, "
               "0x0100000001000000-0x01000000dfffffff, 0x01000000f0000000-0x01000000fffffffe, "
               "0x0200000000000000-0xff000000ffffffff } ]",
        .hit = "udp 203.0.113.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-m rpfilter --loose",
        .canonical = "-m rpfilter --loose",
        .nft = "[ fib saddr oif present => reg 1 ]\n"
               "[ cmp eq reg 1 0x01 ]\n"
               "[ fib saddr type => reg 1 ]\n"
               "[ byteorder reg 1 hton 4b ]\n"
               "[ payload load 4b @ network + 12 => reg 9 ]\n"
               "[ lookup reg 1 in { 0x0000000000000000-0x00000002ffffffff, "
               "0x0000000300000000-0x0000000500ffffff, 0x00000003e0000000-0x00000005efffffff, "
               "0x00000003ffffffff-0x00000005ffffffff, 0x0000000600000000-0xffffffffffffffff } ]",
        .hit = "udp 203.0.113.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 203.0.113.2:40000 > 192.0.2.2:53 in eth0",
        .table = "mangle",
        .chain = "PREROUTING",
    },
    {
        .rule = "-m rpfilter --accept-local --validmark",
        .canonical = "-m rpfilter --validmark --accept-local",
        .nft = "[ fib saddr . mark . iif oif present => reg 1 ]\n"
               "[ fib saddr . iif type => reg 9 ]\n"
               "[ byteorder reg 9 hton 4b ]\n"
               "[ lookup reg 1 in { 0x0000000000000002-0x0000000000000002, "
               "0x0100000000000000-0x01000000ffffffff, "
               "0x0200000000000002-0xff00000000000002 } ]\n"
               "[ fib saddr . iif type => reg 1 ]\n"
               "[ byteorder reg 1 hton 4b ]\n"
               "[ payload load 4b @ network + 12 => reg 9 ]\n"
               "[ lookup reg 1 in { 0x0000000000000000-0x00000002ffffffff, "
               "0x0000000300000000-0x0000000500ffffff, 0x00000003e0000000-0x00000005efffffff, "
               "0x00000003ffffffff-0x00000005ffffffff, 0x0000000600000000-0xffffffffffffffff } ]",
        .hit = "udp 192.0.2.2:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 203.0.113.2:40000 > 192.0.2.2:53 in eth0",
        .table = "raw",
        .chain = "PREROUTING",
    },
    {
        .rule = "-m rpfilter --loose --invert --accept-local",
        .canonical = "-m rpfilter --loose --accept-local --invert",
        .nft = "[ payload load 16b @ network + 8 => reg 1 ]\n"
               "[ cmp neq reg 1 0x00000000000000000000000000000000 ]\n"
               "[ fib saddr oif present => reg 1 ]\n"
               "[ cmp neq reg 1 0x01 ]\n"
               "[ fib saddr type => reg 1 ]\n"
               "[ cmp neq reg 1 0x02000000 ]",
        .hit = "udp [fe80::9]:40000 > [2001:db8::2]:53 in eth1",
        .miss = "udp [2001:db8:1::2]:40000 > [2001:db8::2]:53 in eth0",
        .table = "raw",
        .chain = "PREROUTING",
    },
};

constexpr Match kRpfilter{
    .name = "rpfilter",
    .options = kOptions,
    .list_name = "rpfilter",
    .tables = "raw mangle",
    .hooks = "PREROUTING",
    .summary =
        "Whether an answer to the packet would leave through the interface that it came in by: the "
        "reverse path filter of RFC 3704. Packets through lo pass. In IPv6 only --loose --invert "
        "can be asked.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kRpfilter));

}  // namespace

const Match& row() { return kRpfilter; }

}  // namespace bulkhead::ext::match_rpfilter
