// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/packet.h"

#include <netinet/in.h>

#include "core/byte_order.h"

namespace bulkhead::net {

namespace {

constexpr uint8_t kNoNextHeader = 59;  // RFC 8200: nothing follows

// ipv6_ext_hdr() of net/ipv6/exthdrs_core.c. ESP is none of them: what it hides can't be walked
// through.
bool is_extension(uint8_t next_header) {
  switch (next_header) {
    case IPPROTO_HOPOPTS:
    case IPPROTO_ROUTING:
    case IPPROTO_FRAGMENT:
    case IPPROTO_AH:
    case IPPROTO_DSTOPTS:
    case kNoNextHeader: return true;
    default: return false;
  }
}

bool ends_the_walk(uint8_t next_header) {
  return !is_extension(next_header) || next_header == kNoNextHeader;
}

Layout parse_ipv4(std::span<const uint8_t> packet) {
  Layout layout{.family = Family::kIpv4};
  layout.protocol = packet[9];
  layout.transport_offset = (packet[0] & 0x0fu) * 4;
  layout.fragment_offset = load_be16(&packet[6]) & 0x1fff;
  return layout;
}

// ipv6_find_hdr(skb, &offset, -1, &fragment_offset, &flags) with flags = IP6_FH_F_AUTH, which stops
// at AH.
Layout parse_ipv6(std::span<const uint8_t> packet) {
  Layout layout{.family = Family::kIpv6};
  uint8_t next_header = packet[6];
  size_t start = kIpv6Header;
  while (!ends_the_walk(next_header) && next_header != IPPROTO_AH) {
    const size_t left = packet.size() > start ? packet.size() - start : 0;
    // A routing header is asked for its fixed four bytes, a fragment header for those up to its
    // offset.
    const bool longer = next_header == IPPROTO_ROUTING || next_header == IPPROTO_FRAGMENT;
    if (left < (longer ? 4u : 2u)) return layout;
    const uint8_t* header = &packet[start];
    size_t length = (header[1] + 1u) * 8;
    if (next_header == IPPROTO_FRAGMENT) {
      length = 8;
      const auto offset = static_cast<uint16_t>(load_be16(header + 2) >> 3);
      if (offset != 0) {
        // What the first fragment's extension headers hold isn't here, so there the kernel gives
        // up.
        if (!ends_the_walk(header[0])) return layout;
        layout.protocol = header[0];
        layout.fragment_offset = offset;
        return layout;
      }
    }
    next_header = header[0];
    start += length;
  }
  layout.protocol = next_header;
  layout.transport_offset = static_cast<uint32_t>(start);
  return layout;
}

}  // namespace

std::optional<Layout> parse_layout(std::span<const uint8_t> packet) {
  if (packet.empty()) return std::nullopt;
  switch (packet[0] >> 4) {
    case 4:
      if (packet.size() < 20 || (packet[0] & 0x0f) < 5) return std::nullopt;
      return parse_ipv4(packet);
    case 6:
      if (packet.size() < 40) return std::nullopt;
      return parse_ipv6(packet);
    default: return std::nullopt;
  }
}

}  // namespace bulkhead::net
