// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_AUDIT.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

#include "ext/argument/word.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_audit {
namespace {

struct Kind {
  std::string_view name;
  uint8_t number;
};

constexpr Kind kKinds[] = {
    {"accept", XT_AUDIT_TYPE_ACCEPT},
    {"drop", XT_AUDIT_TYPE_DROP},
    {"reject", XT_AUDIT_TYPE_REJECT},
};

const Kind* find_kind(std::string_view word) {
  const auto* found =
      std::ranges::find_if(kKinds, [&](const Kind& kind) { return same_word(kind.name, word); });
  return found == std::end(kKinds) ? nullptr : found;
}

Result<std::string> parse_kind(std::span<const std::string_view> words, const Context&) {
  if (const Kind* kind = find_kind(words[0])) return std::string(kind->name);
  return usage_error(fmt::format("Bad action type value \"{}\"", words[0]));
}

constexpr ArgumentType kKind{.words = "{accept|drop|reject}", .parse = parse_kind};

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context&) {
  return ir::Action{xt_target<xt_audit_info>("AUDIT", 0, [&](xt_audit_info& info) {
    info.type = find_kind(arguments.front().text)->number;
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "type",
        .type = &kKind,
        .negation = Negation::kRefused,
        .required = true,
        .list = "{}",
        .help = "what the rule behind it does; only written down",
        .sentence = "as one to {}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j AUDIT --type DROP",
        .canonical = "-p tcp -j AUDIT --type drop",
        .nft = "[ target AUDIT rev 0 0x0100000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p udp -j AUDIT --type reject",
        .canonical = "-p udp -j AUDIT --type reject",
        .nft = "[ target AUDIT rev 0 0x0200000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
    },
};

constexpr Target kAudit{
    .name = "AUDIT",
    .options = kOptions,
    .list_name = "AUDIT",
    .summary =
        "Writes the packet to the kernel's audit log, where auditd(8) reads it, and goes on with "
        "the next rule.",
    .sentence = "it is written to the audit log",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kAudit));

}  // namespace

const Target& row() { return kAudit; }

}  // namespace bulkhead::ext::target_audit
