// SPDX-License-Identifier: GPL-2.0-or-later
#include <cerrno>

#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_checksum {
namespace {

Result<ir::Action> lower(std::span<const ir::Argument>, const Context&) {
  return kernel_refusal(EOPNOTSUPP,
                        "nf_tables can't fill in a checksum, and the kernel's own CHECKSUM works "
                        "only in a table named mangle");
}

constexpr Option kOptions[] = {
    {
        .name = "checksum-fill",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .required = true,
        .list = "fill",
        .help = "computes what the network card would have",
        .sentence = "computed",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -j CHECKSUM --checksum-fill",
        .canonical = "-p udp -j CHECKSUM --checksum-fill",
        .table = "mangle",
        .chain = "POSTROUTING",
        .refused = true,
    },
    {
        .rule = "-j CHECKSUM --checksum-fill",
        .canonical = "-j CHECKSUM --checksum-fill",
        .table = "mangle",
        .chain = "FORWARD",
        .refused = true,
    },
};

constexpr Target kChecksum{
    .name = "CHECKSUM",
    .tables = "mangle",
    .options = kOptions,
    .list_name = "CHECKSUM",
    .summary =
        "Computes the checksum that a network card was to compute. It is read and refused: "
        "nf_tables "
        "has no such thing.",
    .sentence = "its checksum is",
    .lower = lower,
    .goes_on_elsewhere = true,
    .examples = kExamples,
};
static_assert(well_formed(kChecksum));

}  // namespace

const Target& row() { return kChecksum; }

}  // namespace bulkhead::ext::target_checksum
