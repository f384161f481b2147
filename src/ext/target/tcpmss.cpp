// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_TCPMSS.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "ext/argument/number.h"
#include "ext/argument/split.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_tcpmss {
namespace {

// As large as fits a packet of 65,535 bytes with its IP header.
Result<std::string> parse_mss(std::span<const std::string_view> words, const Context& context) {
  const uint64_t header = context.family == net::Family::kIpv4 ? 20 : 40;
  return parse_number(words[0], 0, UINT16_MAX - header, context);
}

constexpr ArgumentType kMss{.words = "number", .parse = parse_mss};

// The kernel's own target: where a packet has no such option, nf_tables' `tcp option maxseg size
// set` adds none.
Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  if (context.protocol != IPPROTO_TCP || context.protocol_negated)
    return kernel_refusal(EINVAL, "TCPMSS needs `-p tcp'");
  return ir::Action{xt_target<xt_tcpmss_info>("TCPMSS", 0, [&](xt_tcpmss_info& info) {
    const ir::Argument& asked = arguments.front();
    info.mss = asked.option == "set-mss" ? static_cast<uint16_t>(canonical_number(asked.text))
                                         : XT_TCPMSS_CLAMP_PMTU;
  })};
}

// find_syn_match() of net/netfilter/xt_TCPMSS.c, which doesn't look at the rules of nf_tables.
bool asks_for_syn(const ir::Match& match) {
  return match.name == "tcp" &&
         std::ranges::any_of(match.arguments, [](const ir::Argument& argument) {
           if (argument.option != "tcp-flags" || argument.negated) return false;
           const auto flags = split(split(argument.text, ' ').back(), ',');
           return std::ranges::find(flags, "SYN") != flags.end();
         });
}

Result<void> fits(const ir::Rule& rule) {
  if (std::ranges::any_of(rule.matches, asks_for_syn)) return {};
  return kernel_refusal(EINVAL,
                        "TCPMSS works on SYN packets only: the rule must ask for them (--syn)");
}

constexpr uint8_t kOneSize = 1;

constexpr Option kOptions[] = {
    {
        .name = "set-mss",
        .type = &kMss,
        .negation = Negation::kRefused,
        .group = kOneSize,
        .list = "set {}",
        .help = "this segment size",
        .sentence = "of {} bytes",
    },
    {
        .name = "clamp-mss-to-pmtu",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOneSize,
        .hooks = "FORWARD OUTPUT POSTROUTING",
        .list = "clamp to PMTU",
        .help = "no more than fits the MTU of the packet's route and of the way back",
        .sentence = "of no more than fits the path",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp --syn -j TCPMSS --set-mss 0x3e8",
        .canonical = "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 1000",
        .nft = "[ target TCPMSS rev 0 0xe803000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22 flags syn",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22 flags ack",
        .table = "mangle",
    },
    {
        .rule = "-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
        .canonical = "-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
        .nft = "[ target TCPMSS rev 0 0xffff000000000000 ]",
        .hit = "tcp [2001:db8::2]:40000 > [2001:db8::1]:22 flags syn,ack out eth0",
        .miss = "tcp [2001:db8::2]:40000 > [2001:db8::1]:22 flags ack out eth0",
    },
};

constexpr Target kTcpmss{
    .name = "TCPMSS",
    .options = kOptions,
    .list_name = "TCPMSS",
    .bare_error = "TCPMSS target: At least one parameter is required",
    .summary =
        "Changes the largest segment that a TCP connection's first packets allow the other side, "
        "for paths that swallow large packets and the ICMP messages about them. The rule must ask "
        "for SYN.",
    .sentence = "its maximum segment size is made one",
    .lower = lower,
    .fits = fits,
    .examples = kExamples,
};
static_assert(well_formed(kTcpmss));

}  // namespace

const Target& row() { return kTcpmss; }

}  // namespace bulkhead::ext::target_tcpmss
