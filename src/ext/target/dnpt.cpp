// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/prefix_translation.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_dnpt {
namespace {

constexpr Option kOptions[] = {kSourcePrefixOption, kDestinationPrefixOption};

constexpr Example kExamples[] = {
    {
        .rule = "-j DNPT --src-pfx 2001:db8::/64 --dst-pfx fd00:1::/64",
        .canonical = "-j DNPT --src-pfx 2001:db8::/64 --dst-pfx fd00:1::/64",
        .table = "mangle",
        .chain = "PREROUTING",
        .refused = true,
    },
    {
        .rule = "-p udp -j DNPT --dst-pfx 2001:db8:1::/ffff:ffff:ffff:: --src-pfx fd00::/48",
        .canonical = "-p udp -j DNPT --src-pfx fd00::/48 --dst-pfx 2001:db8:1::/48",
        .table = "mangle",
        .chain = "OUTPUT",
        .refused = true,
    },
};

constexpr Target kDnpt{
    .name = "DNPT",
    .families = Families::kIpv6,
    .tables = "mangle",
    .hooks = "PREROUTING OUTPUT",
    .options = kOptions,
    .list_name = "DNPT",
    .summary =
        "Translates the prefix of the destination address without a connection. It is read and "
        "refused: "
        "nf_tables has no such thing.",
    .sentence = "the prefix of its destination address is translated",
    .lower = refuse_prefix_translation,
    .goes_on_elsewhere = true,
    .changes_elsewhere = &ir::kDestination,
    .examples = kExamples,
};
static_assert(well_formed(kDnpt));

}  // namespace

const Target& row() { return kDnpt; }

}  // namespace bulkhead::ext::target_dnpt
