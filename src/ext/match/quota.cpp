// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_quota.h>

#include "ext/argument/number.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_quota {
namespace {

// The kernel's own match: nf_tables' `quota` also counts the packets that are over it, so a small
// one may not pass any more where a bigger one didn't.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  const ir::Argument& quota = arguments[0];
  return ir::Predicate{xt_match_with_memory<xt_quota_info>("quota", 0, [&](xt_quota_info& info) {
    info.quota = canonical_number(quota.text);
    if (quota.negated) info.flags |= XT_QUOTA_INVERT;
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "quota",
        .type = &kNumber<0, UINT64_MAX>,
        .required = true,
        // iptables doesn't show whether it is negated.
        .list = "quota: {} bytes",
        .help = "so many bytes are not used up yet",
        .sentence = "{} bytes have {not }been enough for it and those before",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-m quota --quota 100",
        .canonical = "-m quota --quota 100",
        .nft = "[ match quota rev 0 0x000000000000000064000000000000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 length 100",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 length 101",
    },
    // 40 of them are left.
    {
        .rule = "-m quota ! --quota 0x64",
        .canonical = "-m quota ! --quota 100",
        .nft = "[ match quota rev 0 0x010000000000000064000000000000000000000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 length 53",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 length 50",
        .before = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 length 50",
    },
};

constexpr Match kQuota{
    .name = "quota",
    .options = kOptions,
    .summary =
        "Takes packets until so many bytes are used up; from the first packet that is too long for "
        "what is left it takes none. What is used up stays so until the rule goes or is replaced.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kQuota));

}  // namespace

const Match& row() { return kQuota; }

}  // namespace bulkhead::ext::match_quota
