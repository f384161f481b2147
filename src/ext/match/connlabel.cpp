// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_connlabel.h>

#include <cerrno>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_connlabel {
namespace {

// Canonical as a number: what a name means is a file's business, and that file may change.
Result<std::string> parse_label(std::span<const std::string_view> words, const Context& context) {
  const std::string_view word = words[0];
  if (word.empty()) return usage_error("Argument must have a minimum length of 1 characters");
  if (const auto number = whole_number(word, 0, UINT16_MAX)) return fmt::format("{}", *number);
  if (const auto bit = context.names->connection_label(word)) return fmt::format("{}", *bit);
  return usage_error(fmt::format("label '{}' not found or invalid value", word));
}

std::string list_label(std::string_view canonical, bool numeric, const Context& context) {
  if (!numeric && context.names != nullptr) {
    const auto bit = static_cast<uint16_t>(canonical_number(canonical));
    if (const auto name = context.names->connection_label_name(bit))
      return fmt::format("'{}'", *name);
  }
  return std::string(canonical);
}

constexpr ArgumentType kLabel{
    .words = "name|number",
    .always_quoted = true,
    .parse = parse_label,
    .list = list_label,
};

// The kernel's own match: negated, it also holds where there is no connection, where `ct label` of
// nf_tables holds neither way.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context&) {
  uint64_t bit = 0;
  uint16_t options = 0;
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "set") options |= XT_CONNLABEL_OP_SET;
    if (argument.option != "label") continue;
    bit = canonical_number(argument.text);
    if (argument.negated) options |= XT_CONNLABEL_OP_INVERT;
  }
  if (bit > XT_CONNLABEL_MAXBIT) {
    return kernel_refusal(ERANGE,
                          fmt::format("a connection has the labels 0 to {}", XT_CONNLABEL_MAXBIT));
  }
  ir::Opaque match = xt_match<xt_connlabel_mtinfo>("connlabel", 0, [&](xt_connlabel_mtinfo& info) {
    info.bit = static_cast<uint16_t>(bit);
    info.options = options;
  });
  // With --set it changes what it asks for.
  match.stateful = (options & XT_CONNLABEL_OP_SET) != 0;
  return ir::Predicate{std::move(match)};
}

constexpr Option kOptions[] = {
    {
        .name = "label",
        .type = &kLabel,
        .required = true,
        .list = "{! }{}",
        .help = "the connection has this label: a number, or a name of /etc/xtables/connlabel.conf",
        .sentence = "its connection has {not }the label {}",
    },
    {
        .name = "set",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "set",
        .help = "it gets the label if it hasn't; holds where it has it then",
        .sentence = "which it gets",
    },
};

constexpr std::string_view kShownBy = "connlabel_test.cpp";

constexpr Example kExamples[] = {
    {
        .rule = "-m connlabel --label 40",
        .canonical = "-m connlabel --label \"40\"",
        .nft = "[ match connlabel rev 0 0x2800000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 established in eth0",
        .miss = "udp 192.0.2.1:40001 > 192.0.2.2:53 new in eth0",
        .shown_by = kShownBy,
    },
    {
        .rule = "-m connlabel ! --label bulk",
        .canonical = "-m connlabel ! --label \"40\"",
        .nft = "[ match connlabel rev 0 0x2800010000000000 ]",
        .hit = "udp 192.0.2.1:40001 > 192.0.2.2:53 new in eth0",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 established in eth0",
        .shown_by = kShownBy,
    },
    {
        .rule = "-m connlabel --set --label 0x7f",
        .canonical = "-m connlabel --label \"127\" --set",
        .nft = "[ match connlabel rev 0 0x7f00020000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0",
        .miss = "udp 198.51.100.1:40000 > 192.0.2.2:53 untracked in eth0",
    },
};

constexpr Match kConnlabel{
    .name = "connlabel",
    .options = kOptions,
    .list_name = "connlabel",
    .summary =
        "Looks at one of the 128 labels that other rules, or programs, have put on the packet's "
        "connection; --set puts it there. Negated, it holds where there is no connection.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kConnlabel));

}  // namespace

const Match& row() { return kConnlabel; }

}  // namespace bulkhead::ext::match_connlabel
