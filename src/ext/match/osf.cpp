// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_osf.h>

#include <algorithm>

#include "ext/argument/number.h"
#include "ext/argument/plain_word.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "net/packet_build.h"

namespace bulkhead::ext::match_osf {
namespace {

constexpr uint8_t kProtocols[] = {net::kTcp};

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  ir::Opaque match = xt_match<xt_osf_info>("osf", 0, [&](xt_osf_info& info) {
    for (const ir::Argument& argument : arguments) {
      const auto number = static_cast<uint32_t>(canonical_number(argument.text));
      if (argument.option == "ttl") {
        info.flags |= XT_OSF_TTL;
        info.ttl = number;
      } else if (argument.option == "log") {
        info.flags |= XT_OSF_LOG;
        info.loglevel = number;
      } else {
        if (argument.negated) info.flags |= XT_OSF_INVERT;
        std::ranges::copy(argument.text, info.genre);
        info.len = static_cast<uint32_t>(argument.text.size());
      }
    }
  });
  match.stateful = true;  // it may log, and the fingerprints may change between two askings
  return ir::Predicate{std::move(match)};
}

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  const ir::Argument& genre = arguments.front();
  return std::string("OS fingerprint match ") + (genre.negated ? "! " : "") + genre.text;
}

constexpr Option kOptions[] = {
    {
        .name = "genre",
        .type = &kPlainWord<MAXGENRELEN - 1>,
        .required = true,
        .help = "the system's name, as the fingerprints have it: Linux",
        .sentence = "its sender's system is {not }{}",
    },
    {
        .name = "ttl",
        .type = &kNumber<0, 2>,
        .negation = Negation::kRefused,
        .help = "whether the time to live must be the fingerprint's (0), may be less (1), or "
                "doesn't matter (2)",
        .sentence = "by a time to live of kind {}",
    },
    {
        .name = "log",
        .type = &kNumber<0, 2>,
        .negation = Negation::kRefused,
        .help = "log all systems (0), the first that fits (1), or all that fit (2)",
        .sentence = "logged at level {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -m osf --genre Linux --ttl 2 --log 1",
        .canonical = "-p tcp -m osf --genre Linux --ttl 2 --log 1",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ match osf rev 0 "
               "0x4c696e757800000000000000000000000000000000000000000000000000000005000000060000000"
               "100000002000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22 established",
        .shown_by = "osf_test.cpp",
    },
    {
        .rule = "-p tcp -m osf ! --genre Linux",
        .canonical = "-p tcp -m osf ! --genre Linux",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x06 ]\n"
               "[ match osf rev 0 "
               "0x4c696e757800000000000000000000000000000000000000000000000000000005000000080000000"
               "000000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22 established",
        .shown_by = "osf_test.cpp",
    },
};

constexpr Match kOsf{
    .name = "osf",
    .families = Families::kIpv4,
    .protocols = kProtocols,
    .options = kOptions,
    .hooks = "PREROUTING INPUT FORWARD",
    .summary =
        "Guesses the sender's operating system from a TCP SYN, by the fingerprints that "
        "nfnl_osf(8) "
        "has loaded into the kernel. Holds for no other packet. The kernel doesn't look at the "
        "'!'.",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kOsf));

}  // namespace

const Match& row() { return kOsf; }

}  // namespace bulkhead::ext::match_osf
