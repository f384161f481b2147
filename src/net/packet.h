// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/family.h"

namespace bulkhead::net {

inline constexpr uint32_t kIpv4Header = 20;  // in bytes, without options
inline constexpr uint32_t kIpv6Header = 40;  // in bytes, without extension headers

// Where the parts of an IP packet are. As the kernel finds them (nft_set_pktinfo_ipv4/_ipv6): of
// IPv6, behind the extension headers; `protocol` is missing where those are cut off.
struct Layout {
  Family family = Family::kIpv4;
  std::optional<uint8_t> protocol;
  uint32_t transport_offset = 0;  // in bytes from the network header
  uint16_t fragment_offset = 0;   // in units of 8 bytes
};

// Needs at least a whole fixed IP header (nullopt without one: such a packet never reaches a hook).
std::optional<Layout> parse_layout(std::span<const uint8_t> packet);

}  // namespace bulkhead::net
