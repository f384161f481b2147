// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/rejection.h"

#include <fmt/format.h>

namespace bulkhead::testing {
namespace {

constexpr uint8_t kIcmp = 1, kTcp = 6, kIcmp6 = 58;
constexpr uint8_t kUnreachable = 3, kRedirect = 5, kTimeExceeded = 11, kParameterProblem = 12;
constexpr uint8_t kLastIcmp6Error = 127;
constexpr uint8_t kResetFlag = 0x04;

bool same_identity(const Bytes& sent, const Bytes& seen, size_t at) {
  if (sent.size() < 20 || seen.size() < at + 20 || sent[0] >> 4 != seen[at] >> 4) return false;
  if (sent[0] >> 4 == 4)
    return sent[4] == seen[at + 4] && sent[5] == seen[at + 5] && sent[9] == seen[at + 9];
  return (sent[1] & 15) == (seen[at + 1] & 15) && sent[2] == seen[at + 2] &&
         sent[3] == seen[at + 3];
}

}  // namespace

std::string Rejection::text() const {
  if (tcp_reset) return "tcp-reset";
  return fmt::format("{} {}/{}", ip6 ? "icmp6" : "icmp", icmp_type, icmp_code);
}

std::optional<Rejection> parse_rejection(const Bytes& packet) {
  if (packet.size() < 20) return {};
  const bool ip6 = packet[0] >> 4 == 6;
  const size_t header = ip6 ? 40 : (packet[0] & 15u) * 4u;
  if (packet.size() < header + 8) return {};
  const uint8_t protocol = packet[ip6 ? 6 : 9];
  const uint8_t type = packet[header], code = packet[header + 1];
  if (protocol == kTcp && packet.size() >= header + 14 && (packet[header + 13] & kResetFlag)) {
    return Rejection{.tcp_reset = true, .ip6 = ip6};
  }
  const bool error4 = protocol == kIcmp && (type == kUnreachable || type == kRedirect ||
                                            type == kTimeExceeded || type == kParameterProblem);
  const bool error6 = protocol == kIcmp6 && type <= kLastIcmp6Error;
  if (ip6 ? error6 : error4) return Rejection{.ip6 = ip6, .icmp_type = type, .icmp_code = code};
  return {};
}

bool same_packet(const Bytes& sent, const Bytes& seen) {
  if (!same_identity(sent, seen, 0)) return false;
  // An ICMP error that refuses an ICMP packet may have drawn the same identification by chance.
  const size_t header = seen[0] >> 4 == 6 ? 40 : (seen[0] & 15u) * 4u;
  return !(parse_rejection(seen) && !parse_rejection(sent) &&
           same_identity(sent, seen, header + 8));
}

}  // namespace bulkhead::testing
