// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/packet_build.h"

#include <netinet/in.h>

#include <algorithm>
#include <initializer_list>

#include "core/byte_order.h"
#include "net/packet.h"

namespace bulkhead::net {

namespace {

constexpr size_t kFragmentHeader = 8;

struct HeaderShape {
  uint8_t protocol;
  uint8_t size;
  uint8_t checksum_at;  // in bytes from the header's start; 0: it has none that is known here
};

constexpr HeaderShape kShapes[] = {{kIcmp, 8, 2},  {kTcp, 20, 16}, {kUdp, 8, 6},  {kUdpLite, 8, 6},
                                   {kIcmp6, 8, 2}, {kSctp, 16, 0}, {kDccp, 12, 6}};

HeaderShape shape_of(uint8_t protocol) {
  const auto* found = std::ranges::find(kShapes, protocol, &HeaderShape::protocol);
  return found == std::end(kShapes) ? HeaderShape{protocol, 0, 0} : *found;
}

size_t transport_size(const PacketFields& fields) {
  constexpr size_t kMssOption = 4;
  const bool mss = fields.protocol == kTcp && fields.tcp_mss;
  return shape_of(fields.protocol).size + (mss ? kMssOption : 0);
}

bool is_fragment(const PacketFields& fields) {
  return fields.fragment_offset != 0 || fields.more_fragments;
}

size_t fixed_header(const PacketFields& fields) {
  return fields.source.family == Family::kIpv4 ? kIpv4Header : kIpv6Header;
}

size_t network_header(const PacketFields& fields) {
  size_t size = fixed_header(fields);
  for (const ExtensionHeader& header : fields.headers) size += 1 + header.rest.size();
  const bool fragment_header = fields.source.family == Family::kIpv6 && is_fragment(fields);
  return size + (fragment_header ? kFragmentHeader : 0);
}

class Writer {
 public:
  Writer& number(U128 value, size_t size) {
    bytes_.resize(bytes_.size() + size);
    store_be(value, std::span(bytes_).last(size));
    return *this;
  }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

// The header with its checksum left zero.
std::vector<uint8_t> transport_header(const PacketFields& fields, uint16_t length) {
  Writer out;
  switch (fields.protocol) {
    case kTcp:
      out.number(fields.source_port, 2).number(fields.destination_port, 2);
      out.number(1, 4).number((fields.tcp_flags & kAck) != 0 ? 1 : 0,
                              4);  // sequence and acknowledgement
      out.number((transport_size(fields) / 4) << 12 | fields.tcp_flags, 2);
      out.number(65535, 2).number(0, 4);
      if (fields.tcp_mss) out.number(2, 1).number(4, 1).number(*fields.tcp_mss, 2);
      break;
    case kUdp:
    case kUdpLite:
      out.number(fields.source_port, 2)
          .number(fields.destination_port, 2)
          .number(length, 2)
          .number(0, 2);
      break;
    case kSctp:
      // A chunk of four bytes: type, flags, its length.
      out.number(fields.source_port, 2).number(fields.destination_port, 2).number(0, 8);
      out.number(fields.sctp_chunk, 1).number(0, 1).number(4, 2);
      break;
    case kDccp:
      // RFC 4340, 5.1, with a short sequence number: where the data begins in words, coverage,
      // checksum, type.
      out.number(fields.source_port, 2).number(fields.destination_port, 2);
      out.number(3, 1).number(0, 1).number(0, 2);
      out.number(fields.dccp_type << 1, 1).number(1, 3);
      break;
    case kIcmp:
    case kIcmp6: out.number(fields.icmp_type, 1).number(fields.icmp_code, 1).number(0, 6); break;
    default: break;
  }
  return out.take();
}

// RFC 9293 and RFC 8200, 8.1: addresses, length and protocol, summed up with the header and the
// payload.
std::vector<uint8_t> pseudo_header(const PacketFields& fields, size_t length) {
  Writer out;
  const size_t size = address_bits(fields.source.family) / 8;
  out.number(fields.source.value, size).number(fields.destination.value, size);
  if (fields.source.family == Family::kIpv4) {
    out.number(fields.protocol, 2).number(length, 2);
  } else {
    out.number(length, 4).number(fields.protocol, 4);
  }
  return out.take();
}

void set_transport_checksum(const PacketFields& fields, std::vector<uint8_t>& payload) {
  const HeaderShape shape = shape_of(fields.protocol);
  if (shape.checksum_at == 0) return;
  std::vector<uint8_t> summed;
  if (fields.protocol != kIcmp) summed = pseudo_header(fields, payload.size());
  summed.insert(summed.end(), payload.begin(), payload.end());
  uint16_t sum = internet_checksum(summed);
  // RFC 768: zero says that there is none, and all ones is its other form.
  if (sum == 0 && fields.protocol == kUdp) sum = 0xffff;
  store_be(sum, std::span(payload).subspan(shape.checksum_at, 2));
}

// Without those between it and the transport header.
std::vector<uint8_t> ip_header(const PacketFields& fields, uint8_t next_header, size_t length) {
  Writer out;
  if (fields.source.family == Family::kIpv4) {
    const unsigned fragment = (fields.more_fragments ? 0x2000u : 0u) | fields.fragment_offset;
    out.number(0x45, 1)
        .number(fields.dscp << 2 | fields.ecn, 1)
        .number(length, 2)
        .number(0, 2)
        .number(fragment, 2);
    out.number(fields.hop_limit, 1).number(next_header, 1).number(0, 2);
    out.number(fields.source.value, 4).number(fields.destination.value, 4);
    std::vector<uint8_t> header = out.take();
    store_be(internet_checksum(header), std::span(header).subspan(10, 2));
    return header;
  }
  out.number(U128{6} << 28 | U128{fields.dscp} << 22 | U128{fields.ecn} << 20, 4)
      .number(length - kIpv6Header, 2);
  out.number(next_header, 1).number(fields.hop_limit, 1);
  out.number(fields.source.value, 16).number(fields.destination.value, 16);
  return out.take();
}

// Those between the IP header and the transport's, in their order.
std::vector<ExtensionHeader> header_chain(const PacketFields& fields) {
  std::vector<ExtensionHeader> chain = fields.headers;
  if (fields.source.family == Family::kIpv6 && is_fragment(fields)) {
    const unsigned fragment = fields.fragment_offset * 8u | (fields.more_fragments ? 1u : 0u);
    chain.push_back(
        {IPPROTO_FRAGMENT, Writer().number(0, 1).number(fragment, 2).number(1, 4).take()});
  }
  return chain;
}

}  // namespace

bool has_ports(uint8_t protocol) {
  constexpr uint8_t kWithPorts[] = {kTcp, kUdp, kUdpLite, kSctp, kDccp};
  return std::ranges::find(kWithPorts, protocol) != std::end(kWithPorts);
}

bool never_tracked(const PacketFields& fields) {
  const unsigned type = fields.icmp_type;
  return fields.protocol == kIcmp6 && fields.fragment_offset == 0 &&
         ((type >= 130 && type <= 136) || type == 143);
}

uint32_t minimum_length(const PacketFields& fields) {
  const size_t transport = fields.fragment_offset == 0 ? transport_size(fields) : 0;
  return static_cast<uint32_t>(network_header(fields) + transport + fields.data.size());
}

std::vector<uint8_t> build_packet(const PacketFields& fields) {
  const size_t length = std::max(fields.length, minimum_length(fields));
  const size_t payload_length = length - network_header(fields);
  std::vector<uint8_t> payload;
  if (fields.fragment_offset == 0) {
    payload = transport_header(fields, static_cast<uint16_t>(payload_length));
  }
  payload.insert(payload.end(), fields.data.begin(), fields.data.end());
  payload.resize(payload_length);
  if (fields.fragment_offset == 0) set_transport_checksum(fields, payload);

  const std::vector<ExtensionHeader> chain = header_chain(fields);
  const auto next = [&](size_t at) {
    return at < chain.size() ? chain[at].protocol : fields.protocol;
  };
  std::vector<uint8_t> packet = ip_header(fields, next(0), length);
  for (size_t i = 0; i < chain.size(); ++i) {
    packet.push_back(next(i + 1));
    packet.insert(packet.end(), chain[i].rest.begin(), chain[i].rest.end());
  }
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

uint16_t internet_checksum(std::span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? uint32_t{bytes[i]} << 8 : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>(~sum);
}

}  // namespace bulkhead::net
