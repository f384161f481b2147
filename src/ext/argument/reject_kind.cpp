// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/reject_kind.h"

#include <netinet/in.h>

#include <cerrno>
#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

struct Kind {
  std::string_view name;
  std::string_view alias;
  std::string_view words;
  ir::Reject reject;
};

constexpr Kind unreachable(std::string_view name, std::string_view alias, std::string_view words,
                           uint8_t code) {
  return {name, alias, words, {.tcp_reset = false, .icmp_code = code}};
}

// Codes of destination-unreachable: RFC 792, 1122 and 1812; RFC 4443. In the order in which the
// beginning of a word is looked for (ipt_reject_with and ip6t_reject_with of the kernel headers).
constexpr Kind kKinds[] = {
    unreachable("icmp-net-unreachable", "net-unreach", "ICMP network unreachable", 0),
    unreachable("icmp-host-unreachable", "host-unreach", "ICMP host unreachable", 1),
    unreachable("icmp-proto-unreachable", "proto-unreach", "ICMP protocol unreachable", 2),
    unreachable("icmp-port-unreachable", "port-unreach", "ICMP port unreachable", 3),
    unreachable("icmp-net-prohibited", "net-prohib", "ICMP network prohibited", 9),
    unreachable("icmp-host-prohibited", "host-prohib", "ICMP host prohibited", 10),
    {"tcp-reset", "tcp-rst", "a TCP reset", {.tcp_reset = true}},
    unreachable("icmp-admin-prohibited", "admin-prohib", "ICMP administratively prohibited", 13),
};
constexpr Kind kKinds6[] = {
    unreachable("icmp6-no-route", "no-route", "ICMPv6 no route", 0),
    unreachable("icmp6-adm-prohibited", "adm-prohibited", "ICMPv6 administratively prohibited", 1),
    unreachable("icmp6-addr-unreachable", "addr-unreach", "ICMPv6 address unreachable", 3),
    unreachable("icmp6-port-unreachable", "port-unreach", "ICMPv6 port unreachable", 4),
    {"tcp-reset", "tcp-reset", "a TCP reset", {.tcp_reset = true}},
    unreachable("icmp6-policy-fail", "policy-fail", "ICMPv6 policy fail", 5),
    unreachable("icmp6-reject-route", "reject-route", "ICMPv6 reject route", 6),
};

std::span<const Kind> kinds(net::Family family) {
  if (family == net::Family::kIpv4) return kKinds;
  return kKinds6;
}

const Kind* find_kind(std::string_view word, net::Family family) {
  for (const Kind& kind : kinds(family)) {
    if (begins_with(kind.name, word) || begins_with(kind.alias, word)) return &kind;
  }
  return nullptr;
}

// By its whole name: the beginning of one may belong to two.
const Kind& canonical_kind(std::string_view canonical, net::Family family) {
  for (const Kind& kind : kinds(family)) {
    if (kind.name == canonical) return kind;
  }
  return *find_kind("", family);
}

std::string choices(net::Family family) {
  std::string text = "Valid reject types:\n";
  for (const Kind& kind : kinds(family)) {
    text += fmt::format("    {:<25}{}\n", kind.name, kind.words);
    if (kind.alias != kind.name) text += fmt::format("    {:<25}the same\n", kind.alias);
  }
  return text;
}

}  // namespace

Result<std::string> parse_reject_kind(std::span<const std::string_view> words,
                                      const Context& context) {
  const Kind* kind = find_kind(words[0], context.family);
  if (kind == nullptr) return usage_error(fmt::format("unknown reject type \"{}\"", words[0]));
  return std::string(kind->name);
}

Result<ir::Action> reject_action(std::span<const ir::Argument> arguments, const Context& context) {
  const ir::Reject& reject = canonical_kind(arguments.front().text, context.family).reject;
  if (reject.tcp_reset && (context.protocol != IPPROTO_TCP || context.protocol_negated)) {
    return kernel_refusal(EINVAL, "a TCP reset needs `-p tcp'");
  }
  return ir::Action{reject};
}

std::string say_reject_kind(std::string_view canonical, const Context& context) {
  return std::string(canonical_kind(canonical, context.family).words);
}

std::string reject_kind_choices() { return choices(net::Family::kIpv4); }
std::string reject6_kind_choices() { return choices(net::Family::kIpv6); }

}  // namespace bulkhead::ext
