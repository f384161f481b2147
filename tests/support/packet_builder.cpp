// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/packet_builder.h"

#include <algorithm>

#include "support/packet_bytes.h"

// Built from the inside out: each header is put before what follows it, so it knows its lengths and
// can sum over its payload. Protocol numbers are IANA's.
namespace bulkhead::testing {
namespace {

class Builder {
 public:
  explicit Builder(const Packet& packet) : packet_(packet) {}

  Bytes run() {
    for (at_ = packet_.size(); at_-- > 0;) {
      std::visit([this](const auto& layer) { prepend(layer); }, packet_[at_]);
    }
    return std::move(body_);
  }

 private:
  void before(Bytes header) {
    put(header, body_);
    body_ = std::move(header);
  }

  unsigned protocol_of_next(const std::optional<uint8_t>& wanted) const {
    if (wanted) return *wanted;
    if (at_ + 1 == packet_.size()) return inside_ip6() ? 59 : 253;  // 59: no next header
    static constexpr uint8_t kNumbers[] = {4,  41,  0, 60, 43,  44, 51, 6,
                                           17, 136, 1, 58, 132, 33, 253};
    const Layer& next = packet_[at_ + 1];
    if (const Raw* raw = std::get_if<Raw>(&next)) return raw->protocol;
    return kNumbers[next.index()];
  }

  bool inside_ip6() const {
    for (size_t i = at_ + 1; i-- > 0;) {
      if (std::holds_alternative<Ip6>(packet_[i])) return true;
      if (std::holds_alternative<Ip4>(packet_[i])) return false;
    }
    return false;
  }

  // Over the pseudo header (RFC 793, RFC 8200 8.1) and the segment. A datagram alone has none.
  uint16_t transport_checksum(const Bytes& segment, unsigned protocol) const {
    Bytes all;
    for (size_t i = at_; i-- > 0;) {
      if (const Ip4* ip = std::get_if<Ip4>(&packet_[i])) {
        put(all, address_bytes(ip->saddr));
        put(all, address_bytes(ip->daddr));
        put16(all, protocol);
        put16(all, static_cast<unsigned>(segment.size()));
        break;
      }
      if (const Ip6* ip = std::get_if<Ip6>(&packet_[i])) {
        put(all, address_bytes(ip->saddr));
        put(all, address_bytes(ip->daddr));
        put32(all, static_cast<uint32_t>(segment.size()));
        put32(all, protocol);
        break;
      }
    }
    put(all, segment);
    return internet_checksum(all);
  }

  // Sums header and body and puts both before what is there. `zero_means_none` as in UDP.
  void finish(Bytes header, size_t checksum_at, const std::optional<uint16_t>& wanted,
              unsigned protocol, bool zero_means_none = false) {
    before(std::move(header));
    uint16_t sum = wanted ? *wanted : transport_checksum(body_, protocol);
    if (!wanted && zero_means_none && sum == 0) sum = 0xffff;
    set16(body_, checksum_at, sum);
  }

  void prepend(const Ip4& ip) {
    Bytes options = ip.options;
    pad(options, 4);
    const unsigned words = ip.header_words.value_or(static_cast<uint8_t>(5 + options.size() / 4));
    Bytes header;
    put8(header, ip.version.value_or(4) << 4 | (words & 15));
    put8(header, ip.tos);
    put16(header,
          ip.total_length.value_or(static_cast<uint16_t>(20 + options.size() + body_.size())));
    put16(header, ip.id ? *ip.id : next_packet_id());
    put16(header, ip.reserved_flag << 15 | ip.dont_fragment << 14 | ip.more_fragments << 13 |
                      (ip.fragment_offset & 0x1fff));
    put8(header, ip.ttl);
    put8(header, protocol_of_next(ip.protocol));
    put16(header, 0);
    put(header, address_bytes(ip.saddr));
    put(header, address_bytes(ip.daddr));
    put(header, options);
    set16(header, 10, ip.checksum.value_or(internet_checksum(header)));
    before(std::move(header));
  }

  void prepend(const Ip6& ip) {
    Bytes header;
    const uint32_t label = ip.flow_label ? *ip.flow_label : next_packet_id();
    put32(header, 6u << 28 | uint32_t{ip.traffic_class} << 20 | (label & 0xfffff));
    put16(header, ip.payload_length.value_or(static_cast<uint16_t>(body_.size())));
    put8(header, protocol_of_next(ip.next_header));
    put8(header, ip.hop_limit);
    put(header, address_bytes(ip.saddr));
    put(header, address_bytes(ip.daddr));
    before(std::move(header));
  }

  void prepend_options(const Bytes& options, unsigned next) {
    Bytes header;
    put8(header, next);
    put8(header, 0);
    put(header, options);
    if (const size_t missing = (8 - header.size() % 8) % 8; missing == 1) {
      put8(header, 0);  // Pad1
    } else if (missing > 1) {
      put8(header, 1);  // PadN
      put8(header, static_cast<unsigned>(missing - 2));
    }
    pad(header, 8);
    header[1] = static_cast<uint8_t>(header.size() / 8 - 1);
    before(std::move(header));
  }
  void prepend(const HopByHop& layer) {
    prepend_options(layer.options, protocol_of_next(layer.next_header));
  }
  void prepend(const DestinationOptions& layer) {
    prepend_options(layer.options, protocol_of_next(layer.next_header));
  }

  void prepend(const Routing& layer) {
    Bytes header;
    put8(header, protocol_of_next(layer.next_header));
    put8(header, 0);
    put8(header, layer.type);
    put8(header, layer.segments_left);
    put32(header, 0);
    put(header, layer.data);
    pad(header, 8);
    header[1] = static_cast<uint8_t>(header.size() / 8 - 1);
    before(std::move(header));
  }

  void prepend(const Fragment6& layer) {
    Bytes header;
    put8(header, protocol_of_next(layer.next_header));
    put8(header, 0);
    put16(header, static_cast<unsigned>(layer.offset << 3) | layer.more);
    put32(header, layer.id);
    before(std::move(header));
  }

  void prepend(const Authentication& layer) {
    Bytes header;
    put8(header, protocol_of_next(layer.next_header));
    put8(header, static_cast<unsigned>((12 + layer.data.size()) / 4 - 2));
    put16(header, 0);
    put32(header, layer.spi);
    put32(header, layer.sequence);
    put(header, layer.data);
    before(std::move(header));
  }

  void prepend(const Tcp& tcp) {
    Bytes options = tcp.options;
    pad(options, 4);
    const unsigned words = tcp.header_words.value_or(static_cast<uint8_t>(5 + options.size() / 4));
    Bytes header;
    put16(header, tcp.sport);
    put16(header, tcp.dport);
    put32(header, tcp.seq);
    put32(header, tcp.ack);
    put8(header, (words & 15) << 4 | (tcp.reserved & 15));
    put8(header, tcp_flag_bits(tcp.flags));
    put16(header, tcp.window);
    put16(header, 0);
    put16(header, tcp.urgent);
    put(header, options);
    finish(std::move(header), 16, tcp.checksum, 6);
  }

  void prepend(const Udp& udp) {
    Bytes header;
    put16(header, udp.sport);
    put16(header, udp.dport);
    put16(header, udp.length.value_or(static_cast<uint16_t>(8 + body_.size())));
    put16(header, 0);
    finish(std::move(header), 6, udp.checksum, 17, true);
  }

  // RFC 3828: the sum covers the first `coverage` bytes; the pseudo header has the whole length.
  void prepend(const UdpLite& udp) {
    Bytes header;
    put16(header, udp.sport);
    put16(header, udp.dport);
    put16(header, udp.coverage);
    put16(header, 0);
    before(std::move(header));
    const size_t covered = udp.coverage == 0 ? body_.size() : std::max<size_t>(udp.coverage, 8);
    Bytes summed = body_;
    for (size_t i = covered; i < summed.size(); ++i) summed[i] = 0;
    const uint16_t sum = transport_checksum(summed, 136);
    set16(body_, 6, udp.checksum.value_or(sum == 0 ? 0xffff : sum));
  }

  void prepend(const Icmp& icmp) {
    Bytes header;
    put8(header, icmp.type);
    put8(header, icmp.code);
    put16(header, 0);
    put32(header, icmp.rest);
    before(std::move(header));
    set16(body_, 2, icmp.checksum ? *icmp.checksum : internet_checksum(body_));
  }

  void prepend(const Icmp6& icmp) {
    Bytes header;
    put8(header, icmp.type);
    put8(header, icmp.code);
    put16(header, 0);
    put32(header, icmp.rest);
    finish(std::move(header), 2, icmp.checksum, 58);
  }

  void prepend(const Sctp& sctp) {
    Bytes header;
    put16(header, sctp.sport);
    put16(header, sctp.dport);
    put32(header, sctp.verification_tag);
    put32(header, 0);
    for (const SctpChunk& chunk : sctp.chunks) {
      put8(header, chunk.type);
      put8(header, chunk.flags);
      put16(header, static_cast<unsigned>(4 + chunk.value.size()));
      put(header, chunk.value);
      pad(header, 4);
    }
    before(std::move(header));
    const uint32_t sum = sctp.checksum ? *sctp.checksum : crc32c(body_);
    set16(body_, 8, sum >> 16);
    set16(body_, 10, sum & 0xffff);
  }

  // RFC 4340 with 48-bit sequence numbers: 16 bytes, then 4 of a service code or 8 of an
  // acknowledgement.
  void prepend(const Dccp& dccp) {
    const size_t more = dccp.type == 0                     ? 4
                        : dccp.type == 2                   ? 0
                        : dccp.type == 1 || dccp.type == 7 ? 12
                                                           : 8;
    Bytes header;
    put16(header, dccp.sport);
    put16(header, dccp.dport);
    put8(header,
         dccp.data_offset.value_or(static_cast<uint8_t>((16 + more + dccp.rest.size()) / 4)));
    put8(header, 0);
    put16(header, 0);
    put8(header, (dccp.type & 15u) << 1 | 1);
    header.resize(16 + more);
    header[15] = 1;  // sequence number
    put(header, dccp.rest);
    finish(std::move(header), 6, dccp.checksum, 33);
  }

  void prepend(const Payload& payload) { before(Bytes(payload.text.begin(), payload.text.end())); }
  void prepend(const Raw& raw) { before(raw.bytes); }

  const Packet& packet_;
  size_t at_ = 0;
  Bytes body_;
};

}  // namespace

Packet operator/(Packet packet, const Packet& rest) {
  packet.insert(packet.end(), rest.begin(), rest.end());
  return packet;
}

Bytes build(const Packet& packet) { return Builder(packet).run(); }

}  // namespace bulkhead::testing
