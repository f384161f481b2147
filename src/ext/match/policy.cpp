// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_policy.h>

#include <algorithm>

#include <fmt/format.h>

#include "core/byte_order.h"
#include "ext/argument/host_mask.h"
#include "ext/argument/ipsec.h"
#include "ext/argument/number.h"
#include "ext/arguments.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "ext/template.h"

namespace bulkhead::ext::match_policy {
namespace {

using Arguments = std::span<const ir::Argument>;

bool is_next(const ir::Argument& argument) { return argument.option == "next"; }

// The rule's options about the policy as a whole, and those of each of its elements (at least one,
// which may be empty).
struct Parts {
  Arguments whole;
  std::vector<Arguments> elements;
};

constexpr std::string_view kWhole[] = {"dir", "pol", "strict"};

Parts parts_of(Arguments arguments) {
  const auto is_of_whole = [](const ir::Argument& argument) {
    return std::ranges::find(kWhole, argument.option) != std::end(kWhole);
  };
  size_t begin = 0;
  while (begin < arguments.size() && is_of_whole(arguments[begin])) ++begin;
  Parts parts{.whole = arguments.first(begin), .elements = {}};
  for (size_t end = begin; end <= arguments.size(); ++end) {
    if (end < arguments.size() && !is_next(arguments[end])) continue;
    parts.elements.push_back(arguments.subspan(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// As -S prints them.
constexpr std::string_view kOrder[] = {"reqid", "spi", "proto", "mode", "tunnel-dst", "tunnel-src"};

Result<void> check_element(Arguments element, size_t index, bool strict) {
  for (const std::string_view option : kOrder) {
    if (std::ranges::count(element, option, &ir::Argument::option) > 1)
      return usage_error(fmt::format("policy match: double --{} option", option));
  }
  if (strict && element.empty()) {
    return usage_error(fmt::format(
        "policy match: empty policy element {}. --strict is in effect, but at least one of reqid, "
        "spi, tunnel-src, tunnel-dst, proto or mode is required.",
        index));
  }
  const bool has_ends =
      find(element, "tunnel-src") != nullptr || find(element, "tunnel-dst") != nullptr;
  const ir::Argument* mode = find(element, "mode");
  const bool tunnel = mode != nullptr && (mode->text == "tunnel") != mode->negated;
  if (has_ends && !tunnel) {
    return usage_error("policy match: --tunnel-src/--tunnel-dst is only valid in tunnel mode");
  }
  return {};
}

// policy_check() of iptables' libxt_policy.c, and more: what is given beside `--pol none` would be
// lost.
Result<void> check(const Parts& parts) {
  const bool strict = find(parts.whole, "strict") != nullptr;
  const bool several = parts.elements.size() > 1;
  if (parts.elements.size() > XT_POLICY_MAX_ELEM)
    return usage_error("policy match: maximum policy depth reached");
  if (find(parts.whole, "dir") == nullptr)
    return usage_error("policy match: neither --dir in nor --dir out specified");
  if (find(parts.whole, "pol")->text == "none") {
    if (strict) return usage_error("policy match: policy none but --strict given");
    if (several || !parts.elements[0].empty())
      return usage_error("policy match: policy none but policy given");
    return {};
  }
  for (size_t i = 0; i < parts.elements.size(); ++i) {
    if (Result<void> checked = check_element(parts.elements[i], i, strict); !checked)
      return checked;
  }
  if (several && !strict)
    return usage_error("policy: option \"--next\" also requires \"--strict\".");
  return {};
}

Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  const Parts parts = parts_of(arguments);
  if (Result<void> checked = check(parts); !checked) return checked;
  std::vector<ir::Argument> sorted(parts.whole.begin(), parts.whole.end());
  for (const Arguments element : parts.elements) {
    if (element.data() != parts.elements[0].data())
      sorted.push_back({.option = "next", .negated = false, .text = {}, .span = {}});
    for (const std::string_view option : kOrder) {
      if (const ir::Argument* argument = find(element, option)) sorted.push_back(*argument);
    }
  }
  arguments = std::move(sorted);
  return {};
}

void put_address(xt_policy_addr& to, const net::Address& address, U128 value) {
  const size_t size = net::address_bits(address.family) / 8;
  store_be(value, std::span(reinterpret_cast<uint8_t*>(&to), size));
}

void fill(xt_policy_elem& element, const ir::Argument& argument, const Context& context) {
  const uint8_t inverted = argument.negated ? 1 : 0;
  if (argument.option == "reqid") {
    element.match.reqid = 1;
    element.invert.reqid = inverted & 1;
    element.reqid = static_cast<uint32_t>(canonical_number(argument.text));
  } else if (argument.option == "spi") {
    element.match.spi = 1;
    element.invert.spi = inverted & 1;
    // The kernel takes it for network order; iptables doesn't turn it round, nor do we.
    element.spi = spi_of(argument.text);
  } else if (argument.option == "proto") {
    element.match.proto = 1;
    element.invert.proto = inverted & 1;
    element.proto = ipsec_protocol_of(argument.text, context);
  } else if (argument.option == "mode") {
    element.match.mode = 1;
    element.invert.mode = inverted & 1;
    element.mode = argument.text == "tunnel" ? XT_POLICY_MODE_TUNNEL : XT_POLICY_MODE_TRANSPORT;
  } else {
    const HostMask end = read_host_mask(argument.text, context.family);
    const bool source = argument.option == "tunnel-src";
    if (source) {
      element.match.saddr = 1;
      element.invert.saddr = inverted & 1;
    } else {
      element.match.daddr = 1;
      element.invert.daddr = inverted & 1;
    }
    put_address(source ? element.saddr : element.daddr, end.address, end.address.value);
    put_address(source ? element.smask : element.dmask, end.address, end.mask);
  }
}

// The kernel's own match: nf_tables' `ipsec` asks for one element at a known place, where this one
// asks for any.
Result<ir::Predicate> lower(Arguments arguments, const Context& context) {
  const Parts parts = parts_of(arguments);
  return ir::Predicate{xt_match<xt_policy_info>("policy", 0, [&](xt_policy_info& info) {
    info.flags = find(parts.whole, "dir")->text == "in" ? XT_POLICY_MATCH_IN : XT_POLICY_MATCH_OUT;
    if (find(parts.whole, "strict") != nullptr) info.flags |= XT_POLICY_MATCH_STRICT;
    if (find(parts.whole, "pol")->text == "none") {
      info.flags |= XT_POLICY_MATCH_NONE;
      return;
    }
    for (const Arguments element : parts.elements) {
      for (const ir::Argument& argument : element) fill(info.pol[info.len], argument, context);
      ++info.len;
    }
  })};
}

std::string_view hooks_of_direction(std::string_view direction) {
  return direction == "in" ? "PREROUTING INPUT FORWARD" : "FORWARD OUTPUT POSTROUTING";
}

constexpr Option kOptions[] = {
    {
        .name = "dir",
        .type = &kIpsecDirection,
        .negation = Negation::kRefused,
        .hooks_of = hooks_of_direction,
        .list = "dir {}",
        .help = "of what was done to the packet on its way in, or will be on its way out",
        .sentence = "of IPsec on its way {}",
    },
    {
        .name = "pol",
        .type = &kIpsecPolicy,
        .negation = Negation::kRefused,
        .fallback = "ipsec",
        .always_printed = true,
        .list = "pol {}",
        .help = "whether IPsec has to do with it (ipsec unless given)",
        .sentence = "its policy is {}",
    },
    {
        .name = "strict",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .list = "strict",
        .help = "all elements of the policy, in their order; else any one of them",
        .sentence = "exactly",
    },
    {
        .name = "reqid",
        .type = &kNumber<0, UINT32_MAX>,
        .repeats = true,
        .list = "{! }reqid {}",
        .help = "an element has this request id",
        .sentence = "request id {not }{}",
    },
    {
        .name = "spi",
        .type = &kSpi,
        .repeats = true,
        .list = "{! }spi {}",
        .help = "an element has this SPI, its bytes turned round as iptables does",
        .sentence = "SPI {not }{}",
    },
    {
        .name = "proto",
        .type = &kIpsecProtocol,
        .repeats = true,
        .list = "{! }proto {}",
        .help = "an element's protocol",
        .sentence = "protocol {not }{}",
    },
    {
        .name = "mode",
        .type = &kIpsecMode,
        .repeats = true,
        .list = "{! }mode {}",
        .help = "an element's mode",
        .sentence = "{not }{} mode",
    },
    {
        .name = "tunnel-dst",
        .type = &kTunnelEnd,
        .repeats = true,
        .list = "{! }tunnel-dst {}",
        .help = "where the tunnel goes to; with --mode tunnel",
        .sentence = "a tunnel {not }to {}",
    },
    {
        .name = "tunnel-src",
        .type = &kTunnelEnd,
        .repeats = true,
        .list = "{! }tunnel-src {}",
        .help = "where the tunnel comes from; with --mode tunnel",
        .sentence = "a tunnel {not }from {}",
    },
    {
        .name = "next",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .repeats = true,
        .list = "next",
        .help = "what follows is of the next element; with --strict",
        .sentence = "then",
    },
};

// Where there is more than one element, each has its number before it.
std::string list(Arguments arguments, bool numeric, const Context& context) {
  std::string text = "policy match";
  const auto add = [&](const ir::Argument& argument) {
    const Option* option = option_named(kOptions, argument.option);
    const std::string shown = option->type->list == nullptr
                                  ? argument.text
                                  : option->type->list(argument.text, numeric, context);
    text += ' ' + fill_in(option->list, argument.negated, shown);
  };
  const Parts parts = parts_of(arguments);
  for (const ir::Argument& argument : parts.whole) add(argument);
  for (size_t i = 0; i < parts.elements.size(); ++i) {
    if (parts.elements.size() > 1) text += fmt::format(" [{}]", i);
    for (const ir::Argument& argument : parts.elements[i]) add(argument);
  }
  return text;
}

constexpr std::string_view kShownBy = "policy_test.cpp";
constexpr std::string_view kPlain = "udp 192.0.2.1:40000 > 192.0.2.2:53 in eth0";
constexpr std::string_view kOther = "tcp 192.0.2.1:40000 > 192.0.2.2:53 in eth0";

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -m policy --pol none --dir in",
        .canonical = "-p udp -m policy --dir in --pol none",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match policy rev 0 0x(304 zeros)0500000000000000 ]",
        .hit = kPlain,
        .miss = kOther,
    },
    {
        .rule = "-m policy --dir out --strict --proto esp --reqid 1 --next --mode tunnel "
                "! --tunnel-src 192.0.2.0/24 --tunnel-dst 203.0.113.1",
        .canonical = "-m policy --dir out --pol ipsec --strict --reqid 1 --proto esp --next "
                     "--mode tunnel --tunnel-dst 203.0.113.1 ! --tunnel-src 192.0.2.0/24",
        .nft = "[ match policy rev 0 0x(68 zeros)0100000032002400c0000200000000000000000000000000"
               "ffffff00000000000000000000000000cb007101000000000000000000000000ffffffff000000000"
               "000000000000000000000000000000000010b01(152 zeros)0a00020000000000 ]",
        .hit = kPlain,
        .miss = kOther,
        .shown_by = kShownBy,
    },
    {
        .rule = "-m policy --dir in ! --reqid 1 ! --spi 16 ! --proto ah",
        .canonical = "-m policy --dir in --pol ipsec ! --reqid 1 ! --spi 0x10 ! --proto ah",
        .nft = "[ match policy rev 0 0x(64 zeros)100000000100000033003434(228 zeros)0100010000000"
               "000 ]",
        .hit = kPlain,
        .miss = kOther,
        .shown_by = kShownBy,
    },
    {
        .rule = "-m policy --dir in --pol ipsec ! --mode transport ! --tunnel-dst 2001:db8::/32",
        .canonical = "-m policy --dir in --pol ipsec ! --mode transport "
                     "! --tunnel-dst 2001:db8::/32",
        .nft = "[ match policy rev 0 0x0000000000000000000000000000000000000000000000000000000000"
               "00000020010db8000000000000000000000000ffffffff00000000000000000000000000000000000"
               "0000000000a0a(228 zeros)0100010000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 in eth0",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53 in eth0",
        .shown_by = kShownBy,
    },
};

constexpr Match kPolicyMatch{
    .name = "policy",
    .options = kOptions,
    .summary =
        "What IPsec has done to the packet, or will do: the policy as a whole, or elements of it "
        "with --reqid, --spi, --proto, --mode and, in tunnel mode, --tunnel-src and --tunnel-dst. "
        "Without --strict one element that fits will do.",
    .list = list,
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kPolicyMatch));

}  // namespace

const Match& row() { return kPolicyMatch; }

}  // namespace bulkhead::ext::match_policy
