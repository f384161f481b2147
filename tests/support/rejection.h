// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>

#include "support/packet_builder.h"

namespace bulkhead::testing {

// How a sender was told: a TCP reset, or an ICMP error.
struct Rejection {
  bool tcp_reset = false;
  bool ip6 = false;
  uint8_t icmp_type = 0;
  uint8_t icmp_code = 0;

  friend bool operator==(const Rejection&, const Rejection&) = default;
  std::string text() const;  // "tcp-reset", "icmp 3/3", "icmp6 1/4"
};

inline constexpr Rejection kTcpReset4{.tcp_reset = true};
inline constexpr Rejection kTcpReset6{.tcp_reset = true, .ip6 = true};
constexpr Rejection icmp_error(uint8_t type, uint8_t code) {
  return {.icmp_type = type, .icmp_code = code};
}
constexpr Rejection icmp6_error(uint8_t type, uint8_t code) {
  return {.ip6 = true, .icmp_type = type, .icmp_code = code};
}

// What a packet tells its receiver; nothing if it is no refusal. Reads only the fixed headers,
// since those who refuse send no others.
std::optional<Rejection> parse_rejection(const Bytes& packet);

// Whether `seen` is the packet `sent`, perhaps changed on its way or cut: the same IP version, the
// same identification and protocol (IPv4), or the same flow label (IPv6).
bool same_packet(const Bytes& sent, const Bytes& seen);

}  // namespace bulkhead::testing
