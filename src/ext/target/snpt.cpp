// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/prefix_translation.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_snpt {
namespace {

constexpr Option kOptions[] = {kSourcePrefixOption, kDestinationPrefixOption};

constexpr Example kExamples[] = {
    {
        .rule = "-j SNPT --src-pfx 2001:db8::/64 --dst-pfx fd00:1::/64",
        .canonical = "-j SNPT --src-pfx 2001:db8::/64 --dst-pfx fd00:1::/64",
        .table = "mangle",
        .chain = "POSTROUTING",
        .refused = true,
    },
    {
        .rule = "-p udp -j SNPT --dst-pfx 2001:db8:1::/ffff:ffff:ffff:: --src-pfx fd00::/48",
        .canonical = "-p udp -j SNPT --src-pfx fd00::/48 --dst-pfx 2001:db8:1::/48",
        .table = "mangle",
        .chain = "INPUT",
        .refused = true,
    },
};

constexpr Target kSnpt{
    .name = "SNPT",
    .families = Families::kIpv6,
    .tables = "mangle",
    .hooks = "INPUT POSTROUTING",
    .options = kOptions,
    .list_name = "SNPT",
    .summary =
        "Translates the prefix of the source address without a connection. It is read and refused: "
        "nf_tables has no such thing.",
    .sentence = "the prefix of its source address is translated",
    .lower = refuse_prefix_translation,
    .goes_on_elsewhere = true,
    .changes_elsewhere = &ir::kSource,
    .examples = kExamples,
};
static_assert(well_formed(kSnpt));

}  // namespace

const Target& row() { return kSnpt; }

}  // namespace bulkhead::ext::target_snpt
