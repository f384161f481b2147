// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_nfacct.h>

#include <algorithm>

#include "ext/argument/always_quoted.h"
#include "ext/argument/text.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_nfacct {
namespace {

// iptables prints a space too many. It is part of the canonical text, as are the quotes.
Result<std::string> parse_object(std::span<const std::string_view> words, const Context& context) {
  const Result<std::string> name = parse_text(words[0], 1, NFACCT_NAME_MAX - 1, context);
  if (!name) return name.error();
  return ' ' + quoted(*name);
}

std::string name_of(std::string_view canonical) {
  canonical.remove_prefix(1);
  return canonical.starts_with('"') ? unquoted(canonical) : std::string(canonical);
}

constexpr ArgumentType kObject{
    .words = "name",
    .parse = parse_object,
    .say = [](std::string_view canonical, const Context&) { return name_of(canonical); },
};

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  ir::Opaque match =
      xt_match<xt_nfacct_match_info_v1>("nfacct", 1, [&](xt_nfacct_match_info_v1& info) {
        std::ranges::copy(name_of(arguments.front().text), info.name);
      });
  match.stateful = true;  // it counts
  return ir::Predicate{std::move(match)};
}

constexpr Option kOptions[] = {
    {
        .name = "nfacct-name",
        .type = &kObject,
        .negation = Negation::kRefused,
        .required = true,
        .list = "nfacct-name {}",
        .help = "the object that counts, at most 31 bytes",
        .sentence = "it is counted by {}, too",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m nfacct --nfacct-name web",
        .canonical = "-m nfacct --nfacct-name  web",
        .nft = "[ match nfacct rev 1 0x776562(37 zeros) ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
        .shown_by = "nfacct_test.cpp",
    },
    {
        .rule = "-p tcp -m nfacct --nfacct-name \"all of tcp\"",
        .canonical = "-p tcp -m nfacct --nfacct-name  \"all of tcp\"",
        .nft =
            "[ meta load l4proto => reg 1 ]\n"
            "[ cmp eq reg 1 0x06 ]\n"
            "[ match nfacct rev 1 "
            "0x616c6c206f6620746370000000000000000000000000000000000000000000000000000000000000 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .shown_by = "nfacct_test.cpp",
    },
};

constexpr Match kNfacct{
    .name = "nfacct",
    .options = kOptions,
    .summary =
        "Counts the packet in an object that nfacct(8) has made. Holds for every packet, or, where "
        "the object has a quota, as soon as that is used up.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kNfacct));

}  // namespace

const Match& row() { return kNfacct; }

}  // namespace bulkhead::ext::match_nfacct
