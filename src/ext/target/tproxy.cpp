// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include <cerrno>

#include <fmt/format.h>

#include "ext/argument/host_mask.h"
#include "ext/argument/mark_bits.h"
#include "ext/argument/number.h"
#include "ext/argument/port.h"
#include "ext/error.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::target_tproxy {
namespace {

// One port, by number or by name: libxtables' XTTYPE_PORT.
Result<std::string> parse_port_word(std::span<const std::string_view> words,
                                    const Context& context) {
  if (words[0].find(':') != std::string_view::npos)
    return usage_error(fmt::format("Port \"{}\" does not resolve to anything.", words[0]));
  return parse_other_ports(words, context);
}

// One address, or a host's name that has only one: XTTYPE_HOST.
Result<std::string> parse_host_word(std::span<const std::string_view> words,
                                    const Context& context) {
  if (words[0].find('/') != std::string_view::npos)
    return usage_error("getaddrinfo: Name or service not known");
  return parse_host_mask(words, context);
}

// tproxy_tg4() of net/netfilter/xt_TPROXY.c: an address of all zeros is none.
Result<ir::Action> lower(std::span<const ir::Argument> arguments, const Context& context) {
  const bool fits = context.protocol == IPPROTO_TCP || context.protocol == IPPROTO_UDP;
  if (!fits || context.protocol_negated)
    return kernel_refusal(EINVAL, "TPROXY needs `-p tcp' or `-p udp'");
  ir::TransparentProxy proxy;
  for (const ir::Argument& argument : arguments) {
    if (argument.option == "on-port")
      proxy.port = static_cast<uint16_t>(canonical_number(argument.text));
    if (argument.option == "on-ip") {
      const net::Address address = *net::parse_address(context.family, argument.text);
      if (address.value != 0) proxy.address = address;
    }
    if (argument.option == "tproxy-mark") {
      const MarkBits bits = read_mark_bits(argument.text);
      proxy.mark_keep = ~bits.mask;
      proxy.mark_flip = bits.value;
    }
  }
  return ir::Action{proxy};
}

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  return fmt::format("TPROXY redirect {}:{} mark {}", arguments[1].text, arguments[0].text,
                     arguments[2].text);
}

constexpr ArgumentType kOnePort{.words = "port", .parse = parse_port_word};
constexpr ArgumentType kOneHost{.words = "address", .parse = parse_host_word};

constexpr Option kOptions[] = {
    {
        .name = "on-port",
        .type = &kOnePort,
        .negation = Negation::kRefused,
        .required = true,
        .help = "the port of the socket; 0: the packet's own",
        .sentence = "at port {}",
    },
    {
        .name = "on-ip",
        .type = &kOneHost,
        .negation = Negation::kRefused,
        .fallback = "0.0.0.0",
        .fallback6 = "::",
        .always_printed = true,
        .help = "the address of the socket; unless given, of the interface that it came in by",
        .sentence = "of {}",
    },
    {
        .name = "tproxy-mark",
        .type = &kMarkXset,
        .negation = Negation::kRefused,
        .fallback = "0x0/0x0",
        .always_printed = true,
        .help = "the mark that it gets, or those of its bits that the mask has",
        .sentence = "(its mark is {})",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -j TPROXY --on-port 12345 --on-ip 192.0.2.2 --tproxy-mark 0x23/0xff",
        .canonical = "-p udp -j TPROXY --on-port 12345 --on-ip 192.0.2.2 --tproxy-mark 0x23/0xff",
        .nft = "[ goto do/filter/1 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .table = "mangle",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p tcp -j TPROXY --on-port http",
        .canonical = "-p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0",
        .nft = "[ goto do/filter/1 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .table = "mangle",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p udp -j TPROXY --on-port 12345 --on-ip 2001:db8::2 --tproxy-mark 0x23/0xff",
        .canonical = "-p udp -j TPROXY --on-port 12345 --on-ip 2001:db8::2 --tproxy-mark 0x23/0xff",
        .nft = "[ goto do/filter/1 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .table = "mangle",
        .chain = "PREROUTING",
    },
    {
        .rule = "-p tcp -j TPROXY --on-port http",
        .canonical = "-p tcp -j TPROXY --on-port 80 --on-ip :: --tproxy-mark 0x0/0x0",
        .nft = "[ goto do/filter/1 ]",
        .hit = "tcp [2001:db8::1]:40000 > [2001:db8::2]:22",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .table = "mangle",
        .chain = "PREROUTING",
    },
};

constexpr Target kTproxy{
    .name = "TPROXY",
    .tables = "mangle",
    .hooks = "PREROUTING",
    .options = kOptions,
    .summary =
        "Hands the packet to a socket of this host that has IP_TRANSPARENT (ip(7)), unchanged, and "
        "drops it where there is none. A rule for routing (ip rule fwmark) has to bring the packet "
        "here.",
    .sentence = "it is handed to the socket",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kTproxy));

}  // namespace

const Target& row() { return kTproxy; }

}  // namespace bulkhead::ext::target_tproxy
