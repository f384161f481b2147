// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/state.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext {
namespace {

constexpr Option kOptions[] = {
    {
        .name = "ctstate",
        .type = &kCtStates,
        .field = &ir::kCtState,
        .list = "{! }ctstate {}",
        .help = "what connection tracking says of the packet",
        .sentence = "its connection state is {not }{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m conntrack --ctstate NEW",
        .canonical = "-m conntrack --ctstate NEW",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ bitwise reg 1 & 0x08000000 ^ 0x00000000 ]\n"
               "[ cmp neq reg 1 0x00000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 new",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack ! --ctstate established,related",
        .canonical = "-m conntrack ! --ctstate RELATED,ESTABLISHED",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ bitwise reg 1 & 0x49000000 ^ 0x00000000 ]\n"
               "[ cmp neq reg 1 0x00000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22 invalid flags syn,fin",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
};

constexpr Match kConntrack{
    .name = "conntrack",
    .options = kOptions,
    .bare_error = "conntrack: At least one option is required",
    .summary = "What connection tracking knows of the packet's connection at the time of the hook.",
    .examples = kExamples,
};
static_assert(well_formed(kConntrack));

}  // namespace

const Match& match_conntrack() { return kConntrack; }

}  // namespace bulkhead::ext
