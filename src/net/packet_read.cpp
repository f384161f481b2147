// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/packet_read.h"

#include "core/byte_order.h"
#include "net/packet.h"

namespace bulkhead::net {

namespace {

constexpr uint16_t kMoreFragments = 0x2000;

Address address(Family family, std::span<const uint8_t> bytes) { return {family, load_be(bytes)}; }

void read_ipv4(std::span<const uint8_t> header, PacketFields& fields) {
  fields.source = address(Family::kIpv4, header.subspan(12, 4));
  fields.destination = address(Family::kIpv4, header.subspan(16, 4));
  fields.hop_limit = header[8];
  fields.dscp = header[1] >> 2;
  fields.more_fragments = (load_be16(&header[6]) & kMoreFragments) != 0;
  fields.length = load_be16(&header[2]);
}

void read_ipv6(std::span<const uint8_t> header, PacketFields& fields) {
  fields.source = address(Family::kIpv6, header.subspan(8, 16));
  fields.destination = address(Family::kIpv6, header.subspan(24, 16));
  fields.hop_limit = header[7];
  fields.dscp = static_cast<uint8_t>(load_be16(header.data()) >> 6 & 0x3f);
  fields.length = kIpv6Header + load_be16(&header[4]);
}

void read_transport(std::span<const uint8_t> header, PacketFields& fields) {
  const auto byte = [&](size_t at) { return at < header.size() ? header[at] : uint8_t{0}; };
  if (has_ports(fields.protocol) && header.size() >= 4) {
    fields.source_port = load_be16(header.data());
    fields.destination_port = load_be16(&header[2]);
  }
  switch (fields.protocol) {
    case kTcp: fields.tcp_flags = byte(13); break;
    case kIcmp:
    case kIcmp6:
      fields.icmp_type = byte(0);
      fields.icmp_code = byte(1);
      break;
    case kDccp: fields.dccp_type = byte(8) >> 1 & 0x0f; break;
    case kSctp: fields.sctp_chunk = byte(12); break;
    default: break;
  }
}

}  // namespace

std::optional<PacketFields> read_packet(std::span<const uint8_t> network,
                                        std::span<const uint8_t> transport) {
  const auto layout = parse_layout(network);
  if (!layout) return std::nullopt;
  PacketFields fields;
  if (layout->family == Family::kIpv4) {
    read_ipv4(network, fields);
  } else {
    read_ipv6(network, fields);
  }
  constexpr size_t kNextHeaderAt = 6;
  fields.protocol = layout->protocol.value_or(network[kNextHeaderAt]);
  fields.fragment_offset = layout->fragment_offset;
  if (fields.fragment_offset == 0) read_transport(transport, fields);
  return fields;
}

}  // namespace bulkhead::net
