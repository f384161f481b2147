// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/state.h"

#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_state {
namespace {

constexpr Option kOptions[] = {
    {
        .name = "state",
        .type = &kState,
        .field = &ir::kCtState,
        .required = true,
        .list = "{! }state {}",
        .help = "what connection tracking says of the packet",
        .sentence = "its connection state is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m state --state ESTABLISHED,RELATED",
        .canonical = "-m state --state RELATED,ESTABLISHED",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ bitwise reg 1 & 0x06000000 ^ 0x00000000 ]\n"
               "[ cmp neq reg 1 0x00000000 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 new",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m state ! --state INVALID",
        .canonical = "-m state ! --state INVALID",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ bitwise reg 1 & 0x4e000000 ^ 0x00000000 ]\n"
               "[ cmp neq reg 1 0x00000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22 new flags syn",
        .miss = "tcp 192.0.2.1:40001 > 192.0.2.2:22 invalid flags syn,fin",
    },
};

constexpr Match kStateMatch{
    .name = "state",
    .options = kOptions,
    .summary =
        "The state of the packet's connection at the time of the hook: the older name of "
        "conntrack's "
        "--ctstate.",
    .examples = kExamples,
};
static_assert(well_formed(kStateMatch));

}  // namespace

const Match& row() { return kStateMatch; }

}  // namespace bulkhead::ext::match_state
