// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The words of net/packet_text.h that stand for numbers; for its reader and its printer alone.

#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "net/packet_build.h"

namespace bulkhead::net::words {

struct Named {
  std::string_view name;
  uint32_t value;
};

// The values of PacketState.
inline constexpr Named kStates[] = {
    {"new", 8}, {"established", 2}, {"related", 4}, {"invalid", 1}, {"untracked", 64}};
inline constexpr Named kCasts[] = {{"broadcast", 1}, {"multicast", 2}};
inline constexpr Named kFlags[] = {{"fin", kFin}, {"syn", kSyn}, {"rst", kRst}, {"psh", kPsh},
                                   {"ack", kAck}, {"urg", kUrg}, {"ece", kEce}, {"cwr", kCwr}};
// Extension headers of IPv6; ah is IPv4's too.
inline constexpr Named kHeaders[] = {{"hbh", IPPROTO_HOPOPTS},
                                     {"dst", IPPROTO_DSTOPTS},
                                     {"rt", IPPROTO_ROUTING},
                                     {"frag", IPPROTO_FRAGMENT},
                                     {"ah", IPPROTO_AH}};
// Type and code in one number: type << 8 | code. IANA's registries of ICMP and ICMPv6 parameters,
// in the spelling of iptables.
inline constexpr Named kIcmpTypes[] = {{"echo-request", 0x0800},
                                       {"echo-reply", 0x0000},
                                       {"destination-unreachable", 0x0300},
                                       {"network-unreachable", 0x0300},
                                       {"host-unreachable", 0x0301},
                                       {"protocol-unreachable", 0x0302},
                                       {"port-unreachable", 0x0303},
                                       {"fragmentation-needed", 0x0304},
                                       {"source-quench", 0x0400},
                                       {"redirect", 0x0500},
                                       {"router-advertisement", 0x0900},
                                       {"router-solicitation", 0x0a00},
                                       {"time-exceeded", 0x0b00},
                                       {"parameter-problem", 0x0c00},
                                       {"timestamp-request", 0x0d00},
                                       {"timestamp-reply", 0x0e00}};
inline constexpr Named kIcmp6Types[] = {{"echo-request", 0x8000},
                                        {"echo-reply", 0x8100},
                                        {"destination-unreachable", 0x0100},
                                        {"port-unreachable", 0x0104},
                                        {"packet-too-big", 0x0200},
                                        {"time-exceeded", 0x0300},
                                        {"parameter-problem", 0x0400},
                                        {"router-solicitation", 0x8500},
                                        {"router-advertisement", 0x8600},
                                        {"neighbour-solicitation", 0x8700},
                                        {"neighbor-solicitation", 0x8700},
                                        {"neighbour-advertisement", 0x8800},
                                        {"neighbor-advertisement", 0x8800},
                                        {"redirect", 0x8900}};

inline std::span<const Named> icmp_types(uint8_t protocol) {
  return protocol == kIcmp6 ? std::span<const Named>(kIcmp6Types)
                            : std::span<const Named>(kIcmpTypes);
}

inline std::optional<uint32_t> value_of(std::span<const Named> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Named::name);
  if (found == table.end()) return std::nullopt;
  return found->value;
}

}  // namespace bulkhead::net::words
