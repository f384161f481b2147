// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_SYNPROXY.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_synproxy {
namespace {

struct Offer {
  std::string_view option;
  std::string_view shown;  // by -L
  uint8_t bit;
};

constexpr Offer kOffers[] = {
    {"sack-perm", "sack-perm", XT_SYNPROXY_OPT_SACK_PERM},
    {"timestamp", "timestamp", XT_SYNPROXY_OPT_TIMESTAMP},
    {"wscale", "wscale ", XT_SYNPROXY_OPT_WSCALE},
    {"mss", "mss ", XT_SYNPROXY_OPT_MSS},
    {"ecn", "ecn", XT_SYNPROXY_OPT_ECN},
};

Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  if (context.protocol != IPPROTO_TCP || context.protocol_negated)
    return kernel_refusal(EINVAL, "SYNPROXY needs `-p tcp'");
  ir::OpaqueTarget target = xt_target<xt_synproxy_info>("SYNPROXY", 0, [&](xt_synproxy_info& info) {
    for (const ir::Argument& argument : arguments) {
      for (const Offer& offer : kOffers) {
        if (argument.option == offer.option) info.options |= offer.bit;
      }
      const uint64_t number = canonical_number(argument.text);
      if (argument.option == "wscale") info.wscale = static_cast<uint8_t>(number);
      if (argument.option == "mss") info.mss = static_cast<uint16_t>(number);
    }
  });
  target.decides = true;
  return ir::Action{std::move(target)};
}

// With a space behind each word, the last one too.
std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  std::string text = "SYNPROXY ";
  for (const ir::Argument& argument : arguments) {
    for (const Offer& offer : kOffers) {
      if (argument.option == offer.option) text += fmt::format("{}{} ", offer.shown, argument.text);
    }
  }
  return text;
}

constexpr Option kOptions[] = {
    {
        .name = "sack-perm",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .help = "the server can do selective acknowledgements",
        .sentence = "with selective acknowledgements",
    },
    {
        .name = "timestamp",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .help = "the server can do timestamps; without them the client's options are lost",
        .sentence = "with timestamps",
    },
    {
        .name = "wscale",
        .type = &kNumber<0, UINT8_MAX>,
        .negation = Negation::kRefused,
        .help = "the server's window scale",
        .sentence = "with a window scale of {}",
    },
    {
        .name = "mss",
        .type = &kNumber<0, UINT16_MAX>,
        .negation = Negation::kRefused,
        .help = "the server's largest segment",
        .sentence = "with segments of at most {} bytes",
    },
    {
        .name = "ecn",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .help = "the server can do explicit congestion notification",
        .sentence = "with ECN",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p tcp --dport 80 -j SYNPROXY --ecn --mss 1460 --wscale 7 --timestamp --sack-perm",
        .canonical = "-p tcp -m tcp --dport 80 -j SYNPROXY --sack-perm --timestamp --wscale 7 "
                     "--mss 1460 --ecn",
        .nft = "[ target SYNPROXY rev 0 0x1f07b40500000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:80",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:81",
    },
    {
        .rule = "-p tcp -j SYNPROXY",
        .canonical = "-p tcp -j SYNPROXY",
        .nft = "[ target SYNPROXY rev 0 0x0000000000000000 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:80",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
};

constexpr Target kSynproxy{
    .name = "SYNPROXY",
    .hooks = "INPUT FORWARD",
    .options = kOptions,
    .summary =
        "Answers a client's SYN itself, with a cookie, and opens the connection to the server only "
        "when the client has answered. The SYN must not be tracked (NOTRACK in table raw) and "
        "nf_conntrack_tcp_loose must be 0.",
    .sentence = "the handshake is made in the server's place",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kSynproxy));

}  // namespace

const Target& row() { return kSynproxy; }

}  // namespace bulkhead::ext::target_synproxy
