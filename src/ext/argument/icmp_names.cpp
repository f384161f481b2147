// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/icmp_names.h"

#include <fmt/format.h>

namespace bulkhead::ext {
namespace {

constexpr IcmpType all_codes(uint8_t type) { return {type, 0, 255}; }
constexpr IcmpType one_code(uint8_t type, uint8_t code) { return {type, code, code}; }

// RFC 792, 950, 1122, 1256, 1812; the words are those of iptables -p icmp -h.
constexpr IcmpName kIcmpNames[] = {
    {"any", all_codes(255)},
    {"echo-reply", all_codes(0)},
    {"pong", all_codes(0)},
    {"destination-unreachable", all_codes(3)},
    {"network-unreachable", one_code(3, 0)},
    {"host-unreachable", one_code(3, 1)},
    {"protocol-unreachable", one_code(3, 2)},
    {"port-unreachable", one_code(3, 3)},
    {"fragmentation-needed", one_code(3, 4)},
    {"source-route-failed", one_code(3, 5)},
    {"network-unknown", one_code(3, 6)},
    {"host-unknown", one_code(3, 7)},
    {"network-prohibited", one_code(3, 9)},
    {"host-prohibited", one_code(3, 10)},
    {"TOS-network-unreachable", one_code(3, 11)},
    {"TOS-host-unreachable", one_code(3, 12)},
    {"communication-prohibited", one_code(3, 13)},
    {"host-precedence-violation", one_code(3, 14)},
    {"precedence-cutoff", one_code(3, 15)},
    {"source-quench", all_codes(4)},
    {"redirect", all_codes(5)},
    {"network-redirect", one_code(5, 0)},
    {"host-redirect", one_code(5, 1)},
    {"TOS-network-redirect", one_code(5, 2)},
    {"TOS-host-redirect", one_code(5, 3)},
    {"echo-request", all_codes(8)},
    {"ping", all_codes(8)},
    {"router-advertisement", all_codes(9)},
    {"router-solicitation", all_codes(10)},
    {"time-exceeded", all_codes(11)},
    {"ttl-exceeded", all_codes(11)},
    {"ttl-zero-during-transit", one_code(11, 0)},
    {"ttl-zero-during-reassembly", one_code(11, 1)},
    {"parameter-problem", all_codes(12)},
    {"ip-header-bad", one_code(12, 0)},
    {"required-option-missing", one_code(12, 1)},
    {"timestamp-request", all_codes(13)},
    {"timestamp-reply", all_codes(14)},
    {"address-mask-request", all_codes(17)},
    {"address-mask-reply", all_codes(18)},
};

// RFC 4443, 4861; the words are those of ip6tables -p icmpv6 -h.
constexpr IcmpName kIcmp6Names[] = {
    {"destination-unreachable", all_codes(1)},
    {"no-route", one_code(1, 0)},
    {"communication-prohibited", one_code(1, 1)},
    {"beyond-scope", one_code(1, 2)},
    {"address-unreachable", one_code(1, 3)},
    {"port-unreachable", one_code(1, 4)},
    {"failed-policy", one_code(1, 5)},
    {"reject-route", one_code(1, 6)},
    {"packet-too-big", all_codes(2)},
    {"time-exceeded", all_codes(3)},
    {"ttl-exceeded", all_codes(3)},
    {"ttl-zero-during-transit", one_code(3, 0)},
    {"ttl-zero-during-reassembly", one_code(3, 1)},
    {"parameter-problem", all_codes(4)},
    {"bad-header", one_code(4, 0)},
    {"unknown-header-type", one_code(4, 1)},
    {"unknown-option", one_code(4, 2)},
    {"echo-request", all_codes(128)},
    {"ping", all_codes(128)},
    {"echo-reply", all_codes(129)},
    {"pong", all_codes(129)},
    {"router-solicitation", all_codes(133)},
    {"router-advertisement", all_codes(134)},
    {"neighbour-solicitation", all_codes(135)},
    {"neighbor-solicitation", all_codes(135)},
    {"neighbour-advertisement", all_codes(136)},
    {"neighbor-advertisement", all_codes(136)},
    {"redirect", all_codes(137)},
};

}  // namespace

std::span<const IcmpName> icmp_names(net::Family family) {
  if (family == net::Family::kIpv4) return kIcmpNames;
  return kIcmp6Names;
}

std::string icmp_name_tree(net::Family family) {
  std::string tree;
  const IcmpName* above = nullptr;
  for (const IcmpName& name : icmp_names(family)) {
    if (above != nullptr && above->type == name.type) {
      tree += fmt::format(" ({})", name.name);
    } else {
      const bool code = above != nullptr && above->type.type == name.type.type;
      if (above != nullptr) tree += '\n';
      tree += fmt::format("{}{}", code ? "   " : "", name.name);
    }
    above = &name;
  }
  return tree + '\n';
}

}  // namespace bulkhead::ext
