// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter_ipv6/ip6t_ah.h>

#include <fmt/format.h>

#include "ext/argument/given.h"
#include "ext/argument/number.h"
#include "ext/argument/spi_option.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_ah6 {
namespace {

// The kernel's own match: of a header among others nf_tables has no words for "cut off".
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Predicate{xt_match<ip6t_ah>("ah", 0, [&](ip6t_ah& info) {
    fill_range32(arguments, "ahspi", info.spis);
    if (given_negated(arguments, "ahspi")) info.invflags |= IP6T_AH_INV_SPI;
    if (const ir::Argument* length = given(arguments, "ahlen")) {
      info.hdrlen = static_cast<uint32_t>(canonical_number(length->text));
      if (length->negated) info.invflags |= IP6T_AH_INV_LEN;
    }
    if (given(arguments, "ahres") != nullptr) info.hdrres = 1;
  })};
}

// Nothing stands between the first two, as in iptables.
std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  std::string text = "ah ";
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "ahspi") text += list_range32("spi", argument);
    if (argument.option == "ahlen")
      text += fmt::format("length:{}{}", argument.negated ? "!" : "", argument.text);
    if (argument.option == "ahres") text += " reserved";
  }
  return text;
}

constexpr Option kOptions[] = {
    spi_option("ahspi", nullptr),
    {
        .name = "ahlen",
        .type = &kNumber<0, UINT32_MAX>,
        // The kernel takes it for "any", also where it is negated.
        .fallback = "0",
        .help = "length of the authentication header in bytes",
        .sentence = "its authentication header is {not }{} bytes long",
    },
    {
        .name = "ahres",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .help = "its reserved field is zero",
        .sentence = "the reserved field of its authentication header is zero",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m ah --ahspi 256 --ahlen 24",
        .canonical = "-m ah --ahspi 256 --ahlen 24",
        .nft = "[ match ah rev 0 0x00010000000100001800000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header ah:0400000000010000000001000000000000000000000000",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header ah:0100000000010000000001",
    },
    {
        .rule = "-m ah ! --ahspi :255 ! --ahlen 24",
        .canonical = "-m ah ! --ahspi 0:255 ! --ahlen 24",
        .nft = "[ match ah rev 0 0x00000000ff0000001800000000030000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header ah:0100000000010000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header ah:010000000000ff00000001",
    },
    {
        .rule = "-m ah --ahspi 0:4294967295 --ahlen 0 --ahres",
        .canonical = "-m ah --ahres",
        .nft = "[ match ah rev 0 0x00000000ffffffff0000000001000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header ah:0100000000010000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 header ah:0100010000010000000001",
    },
};

constexpr Match kAh6{
    .name = "ah",
    .families = Families::kIpv6,
    .options = kOptions,
    .list_name = "ah",
    .summary =
        "Looks at the packet's authentication header (IPsec), wherever it stands among the "
        "extension headers. Holds for no packet without one.",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kAh6));

}  // namespace

const Match& row() { return kAh6; }

}  // namespace bulkhead::ext::match_ah6
