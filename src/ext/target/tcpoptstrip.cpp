// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include <algorithm>
#include <bitset>
#include <cerrno>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/split.h"
#include "ext/error.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_tcpoptstrip {
namespace {

struct Kind {
  std::string_view name;
  uint8_t kind;
};

// IANA's numbers; iptables' names.
constexpr Kind kKinds[] = {{"wscale", 3}, {"mss", 2},       {"sack-permitted", 4},
                           {"sack", 5},   {"timestamp", 8}, {"md5", 19}};
constexpr uint8_t kFirstStrippable = 2;  // 0 ends the list, 1 fills it up

// In the order of their numbers, each once.
Result<std::string> parse(std::span<const std::string_view> words, const Context&) {
  std::bitset<256> kinds;
  for (const std::string_view part : split(words[0], ',')) {
    const auto* named = std::ranges::find(kKinds, part, &Kind::name);
    const auto kind = named != std::end(kKinds) ? std::optional<uint64_t>(named->kind)
                                                : whole_number(part, 0, UINT8_MAX);
    if (!kind) return usage_error(fmt::format("Bad TCP option value \"{}\"", part));
    if (*kind < kFirstStrippable) return usage_error("Option value may not be 0 or 1");
    if (kinds[*kind]) return usage_error(fmt::format("Option \"{}\" already specified", part));
    kinds.set(*kind);
  }
  std::string text;
  for (size_t kind = 0; kind < kinds.size(); ++kind) {
    if (kinds[kind]) text += fmt::format("{}{}", text.empty() ? "" : ",", kind);
  }
  return text;
}

std::string named(std::string_view number) {
  const auto* found = std::ranges::find(kKinds, canonical_number(number), &Kind::kind);
  return std::string(found == std::end(kKinds) ? number : found->name);
}

constexpr ArgumentType kTcpOptions{
    .words = "option[,option]",
    .parse = parse,
    .list = [](std::string_view canonical, bool numeric, const Context&) -> std::string {
      return numeric ? std::string(canonical) : join_mapped(canonical, ',', named);
    },
};

// Its kernel module asks for -p tcp.
Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  if (context.protocol != IPPROTO_TCP || context.protocol_negated)
    return kernel_refusal(EINVAL, "TCPOPTSTRIP needs `-p tcp'");
  ir::StripTcpOptions strip;
  for (const ir::Argument& argument : arguments) {
    for (const std::string_view kind : split(argument.text, ','))
      strip.kinds.push_back(static_cast<uint8_t>(canonical_number(kind)));
  }
  return ir::Action{std::move(strip)};
}

constexpr Option kOptions[] = {
    {
        .name = "strip-options",
        .type = &kTcpOptions,
        .negation = Negation::kRefused,
        .list = "TCPOPTSTRIP options {}",
        .help = "by number, or wscale, mss, sack-permitted, sack, timestamp, md5",
        .sentence = "{}",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp -j TCPOPTSTRIP --strip-options timestamp,wscale,0x13",
        .canonical = "-p tcp -j TCPOPTSTRIP --strip-options 3,8,19",
        .nft = "[ jump do/filter/1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "mangle",
    },
    {
        .rule = "-p tcp -j TCPOPTSTRIP",
        .canonical = "-p tcp -j TCPOPTSTRIP",
        .nft = "[ jump do/filter/1 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .table = "mangle",
        .chain = "PREROUTING",
    },
};

constexpr Target kTcpoptstrip{
    .name = "TCPOPTSTRIP",
    .tables = "mangle",
    .options = kOptions,
    .summary =
        "Overwrites options of the TCP header with ones that mean nothing and goes on with the "
        "next "
        "rule. A packet whose TCP header isn't all there is dropped.",
    .sentence = "its TCP options are stripped:",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kTcpoptstrip));

}  // namespace

const Target& row() { return kTcpoptstrip; }

}  // namespace bulkhead::ext::target_tcpoptstrip
