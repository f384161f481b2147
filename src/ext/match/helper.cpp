// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_helper.h>

#include <algorithm>

#include "ext/argument/text.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_helper {
namespace {

constexpr size_t kLongest = sizeof(xt_helper_info::name) - 1;

// The kernel's own match: `ct helper` of nf_tables compares the whole name, where xt_helper
// compares as much as the helper's name is long ("ftp-2121" is ftp's), and doesn't hold negated
// where there is no helper.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Predicate{xt_match<xt_helper_info>("helper", 0, [&](xt_helper_info& info) {
    for (const ir::Argument& argument : arguments) {
      info.invert = argument.negated ? 1 : 0;
      std::ranges::copy(argument.text, info.name);
    }
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "helper",
        .type = &kText<0, kLongest>,
        .required = true,
        .list = "helper match {! }\"{}\"",
        .help = "the helper of connection tracking that expected it; \"\": any",
        .sentence = "its connection was {not }expected by the helper {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m helper --helper ftp",
        .canonical = "-m helper --helper ftp",
        .nft = "[ match helper rev 0 0x00000000667470(33 zeros) ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:2000 related in eth0",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:2001 new in eth0",
        .shown_by = "helper_test.cpp",
    },
    {
        .rule = "-m helper ! --helper ftp-2121",
        .canonical = "-m helper ! --helper ftp-2121",
        .nft = "[ match helper rev 0 0x010000006674702d323132310000000000000000000000000000000000"
               "0000000000000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:2001 new in eth0",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:2000 related in eth0",
        .shown_by = "helper_test.cpp",
    },
};

constexpr Match kHelper{
    .name = "helper",
    .options = kOptions,
    .summary =
        "Whether a helper of connection tracking expected the packet's connection: that of another "
        "connection, as ftp's control connection announces the one for the data. A port behind the "
        "helper's name says nothing.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kHelper));

}  // namespace

const Match& row() { return kHelper; }

}  // namespace bulkhead::ext::match_helper
