// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_connlimit.h>

#include <span>

#include <fmt/format.h>

#include "core/byte_order.h"
#include "ext/argument/number.h"
#include "ext/argument/prefix.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "net/address.h"

namespace bulkhead::ext::match_connlimit {
namespace {

struct Arguments {
  bool above = false;
  bool destination = false;
  uint64_t limit = 0;
  uint64_t prefix = 0;
};

Arguments read(std::span<const ir::Argument> arguments) {
  Arguments given;
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "connlimit-mask") given.prefix = canonical_number(argument.text);
    if (argument.option == "connlimit-daddr") given.destination = true;
    if (argument.option != "connlimit-upto" && argument.option != "connlimit-above") continue;
    given.above = argument.option == "connlimit-above";
    given.limit = canonical_number(argument.text);
  }
  return given;
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  const Arguments given = read(arguments);
  return ir::Predicate{
      xt_match_with_memory<xt_connlimit_info>("connlimit", 1, [&](xt_connlimit_info& info) {
        const U128 mask = net::prefix_mask(context.family, static_cast<unsigned>(given.prefix));
        store_be(mask, std::span(reinterpret_cast<uint8_t*>(&info.mask),
                                 net::address_bits(context.family) / 8));
        info.limit = static_cast<uint32_t>(given.limit);
        if (!given.above) info.flags |= XT_CONNLIMIT_INVERT;
        if (given.destination) info.flags |= XT_CONNLIMIT_DADDR;
      })};
}

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  const Arguments given = read(arguments);
  return fmt::format("#conn {}/{} {} {}", given.destination ? "dst" : "src", given.prefix,
                     given.above ? ">" : "<=", given.limit);
}

constexpr uint8_t kUptoOrAbove = 1;
constexpr uint8_t kOneSide = 2;

constexpr Option kOptions[] = {
    {
        .name = "connlimit-upto",
        .type = &kNumber<0, UINT32_MAX>,
        .group = kUptoOrAbove,
        .opposite = "connlimit-above",
        .help = "at most so many connections, this one among them",
        .sentence = "there are at most {} connections",
    },
    {
        .name = "connlimit-above",
        .type = &kNumber<0, UINT32_MAX>,
        .group = kUptoOrAbove,
        .opposite = "connlimit-upto",
        .help = "more than so many",
        .sentence = "there are more than {} connections",
    },
    {
        .name = "connlimit-mask",
        .type = &kPrefix,
        .negation = Negation::kRefused,
        .modifier = true,
        .fallback = "32",
        .fallback6 = "128",
        .always_printed = true,
        .help = "of addresses that begin with the same so many bits; all of them unless given",
        .sentence = "with the same first {} bits",
    },
    {
        .name = "connlimit-saddr",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOneSide,
        .modifier = true,
        .always_printed = true,
        .help = "of the source address; so unless given",
        .sentence = "of the source address",
    },
    {
        .name = "connlimit-daddr",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOneSide,
        .modifier = true,
        .help = "of the destination address",
        .sentence = "of the destination address",
    },
};

constexpr Example kExamples[] = {
    // The second connection of a network.
    {
        .rule = "-p udp -m connlimit --connlimit-above 1 --connlimit-mask 29",
        .canonical =
            "-p udp -m connlimit --connlimit-above 1 --connlimit-mask 29 --connlimit-saddr",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match connlimit rev 1 0xfffffff80000000000000000000000000100000000000000000000"
               "0000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.9:40000 > 192.0.2.2:53",
        .before = "udp 192.0.2.3:40000 > 192.0.2.2:53",
    },
    // The second one is refused, or the source port would tell that it isn't counted.
    {
        .rule = "-p udp -m connlimit --connlimit-upto 1 -m udp --sport 40001",
        .canonical = "-p udp -m connlimit --connlimit-upto 1 --connlimit-mask 32 --connlimit-saddr "
                     "-m udp --sport 40001",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match connlimit rev 1 0xffffffff0000000000000000000000000100000001000000000000"
               "0000000000 ]",
        .hit = "udp 192.0.2.7:40001 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40001 > 192.0.2.2:53",
        .before = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-m connlimit ! --connlimit-upto 1 --connlimit-daddr",
        .canonical = "-m connlimit --connlimit-above 1 --connlimit-mask 128 --connlimit-daddr",
        .nft = "[ match connlimit rev 1 0xffffffffffffffffffffffffffffffff0100000002000000000000"
               "0000000000 ]",
        .hit = "udp [2001:db8::2]:40001 > [2001:db8::1]:53 out eth0",
        .miss = "udp [2001:db8::2]:40001 > [2001:db8::7]:53 out eth0",
        .before = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
    },
};

constexpr Match kConnlimit{
    .name = "connlimit",
    .options = kOptions,
    .bare_error = "You must specify \"--connlimit-above\" or \"--connlimit-upto\".",
    .summary =
        "How many connections an address or a network has to here, or this host to it: those whose "
        "packets the rule was asked of, as long as they last.",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kConnlimit));

}  // namespace

const Match& row() { return kConnlimit; }

}  // namespace bulkhead::ext::match_connlimit
