// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_SECMARK.h>

#include <algorithm>

#include "ext/argument/plain_word.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_secmark {
namespace {

constexpr size_t kLongestContext = SECMARK_SECCTX_MAX - 1;

// The kernel takes it from an nf_tables table that is called "mangle" or "security" only
// (secmark_tg_check() of net/netfilter/xt_SECMARK.c), so it refuses it from ours.
Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Action{
      xt_target<xt_secmark_target_info_v1>("SECMARK", 1, [&](xt_secmark_target_info_v1& info) {
        info.mode = SECMARK_MODE_SEL;
        std::ranges::copy(arguments.front().text, info.secctx);
      })};
}

constexpr Option kOptions[] = {
    {
        .name = "selctx",
        .type = &kPlainWord<kLongestContext>,
        .negation = Negation::kRefused,
        .required = true,
        .list = "selctx {}",
        .help = "the security context, as SELinux has it",
        .sentence = "{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j SECMARK --selctx system_u:object_r:httpd_packet_t:s0",
        .canonical = "-p tcp -j SECMARK --selctx system_u:object_r:httpd_packet_t:s0",
        .nft = "[ target SECMARK rev 1 0x0173797374656d5f753a6f626a6563745f723a68747470645f70616"
               "36b65745f743a7330(228 zeros) ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .shown_by = "missing_extension_test.cpp",
        .table = "security",
    },
    {
        .rule = "-p udp -j SECMARK --selctx a:b:c",
        .canonical = "-p udp -j SECMARK --selctx a:b:c",
        .nft = "[ target SECMARK rev 1 0x01613a623a63(258 zeros) ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .shown_by = "missing_extension_test.cpp",
        .table = "mangle",
    },
};

constexpr Target kSecmark{
    .name = "SECMARK",
    .tables = "mangle security",
    .options = kOptions,
    .list_name = "SECMARK",
    .summary =
        "Gives the packet a security context. The kernel's module takes no rule of Bulkhead's: see "
        "docs/differences.md.",
    .sentence = "its security context becomes",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kSecmark));

}  // namespace

const Target& row() { return kSecmark; }

}  // namespace bulkhead::ext::target_secmark
