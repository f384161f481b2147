// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// Packets as one would draw them:
//   build(Ip4{.saddr = "192.0.2.9", .daddr = "192.0.2.1"} / Tcp{.dport = 22, .flags = "S"} /
//   Payload{"hello"})
// Lengths, protocol numbers and checksums follow from the layers unless a field sets them (also to
// wrong values). Written from the RFCs, not from the product's headers: a wrong row there must not
// agree with us.
namespace bulkhead::testing {

using Bytes = std::vector<uint8_t>;

// A fresh number for each packet that doesn't set its own id or flow label; never 0.
uint16_t next_packet_id();

struct Ip4 {
  std::string saddr = "192.0.2.9";
  std::string daddr = "192.0.2.1";
  std::optional<uint16_t> id = {};  // the rig knows a packet by it
  uint8_t tos = 0;
  uint8_t ttl = 64;
  bool dont_fragment = false;
  bool more_fragments = false;
  bool reserved_flag = false;
  uint16_t fragment_offset = 0;  // in units of 8 bytes
  Bytes options = {};            // padded with zeros to 4 bytes
  std::optional<uint8_t> protocol = {};
  std::optional<uint8_t> version = {};
  std::optional<uint8_t> header_words = {};
  std::optional<uint16_t> total_length = {};
  std::optional<uint16_t> checksum = {};
};

struct Ip6 {
  std::string saddr = "2001:db8::9";
  std::string daddr = "2001:db8::1";
  std::optional<uint32_t> flow_label = {};  // 20 bits; the rig knows a packet by it
  uint8_t traffic_class = 0;
  uint8_t hop_limit = 64;
  std::optional<uint8_t> next_header = {};
  std::optional<uint16_t> payload_length = {};
};

// IPv6 extension headers (RFC 8200). Options are padded with Pad1/PadN to 8 bytes.
struct HopByHop {
  Bytes options = {};
  std::optional<uint8_t> next_header = {};
};
struct DestinationOptions {
  Bytes options = {};
  std::optional<uint8_t> next_header = {};
};
struct Routing {
  uint8_t type = 0;
  uint8_t segments_left = 0;
  Bytes data = {};  // after the four reserved bytes; padded with zeros to 8
  std::optional<uint8_t> next_header = {};
};
struct Fragment6 {
  uint16_t offset = 0;  // in units of 8 bytes
  bool more = false;
  uint32_t id = 1;
  std::optional<uint8_t> next_header = {};
};
struct Authentication {  // RFC 4302, for IPv4 and IPv6; a multiple of 4 bytes of data
  uint32_t spi = 1;
  uint32_t sequence = 1;
  Bytes data = Bytes(12);
  std::optional<uint8_t> next_header = {};
};

struct Tcp {
  uint16_t sport = 40000;
  uint16_t dport = 80;
  std::string flags = "S";  // letters of FSRPAUEC, in any order; "" is none
  uint32_t seq = 1000;
  uint32_t ack = 0;
  uint16_t window = 64240;
  uint16_t urgent = 0;
  uint8_t reserved = 0;  // 4 bits
  Bytes options = {};    // padded with zeros to 4 bytes
  std::optional<uint8_t> header_words = {};
  std::optional<uint16_t> checksum = {};
};

struct Udp {
  uint16_t sport = 40000;
  uint16_t dport = 53;
  std::optional<uint16_t> length = {};
  std::optional<uint16_t> checksum = {};
};

// Tracked, a right one is INVALID: conntrack (6.18) sums with UDP's protocol number in the pseudo
// header.
struct UdpLite {
  uint16_t sport = 40000;
  uint16_t dport = 53;
  uint16_t coverage = 0;  // bytes that the checksum covers; 0: all
  std::optional<uint16_t> checksum = {};
};

struct Icmp {
  uint8_t type = 8;
  uint8_t code = 0;
  uint32_t rest =
      0x12340001;  // id and sequence of an echo; the unused word, MTU or gateway of an error
  std::optional<uint16_t> checksum = {};
};
struct Icmp6 {
  uint8_t type = 128;
  uint8_t code = 0;
  uint32_t rest = 0x12340001;
  std::optional<uint16_t> checksum = {};
};

struct SctpChunk {
  uint8_t type = 1;  // INIT
  uint8_t flags = 0;
  Bytes value = Bytes(16);
};
struct Sctp {
  uint16_t sport = 40000;
  uint16_t dport = 36412;
  uint32_t verification_tag = 0;
  std::vector<SctpChunk> chunks = {{}};
  std::optional<uint32_t> checksum = {};
};

struct Dccp {
  uint16_t sport = 40000;
  uint16_t dport = 5001;
  uint8_t type = 0;  // 0 request, 1 response, 2 data, 3 ack, 5 close-request, 6 close, 7 reset, ...
  Bytes rest =
      {};  // after the generic header and, for those that have one, a zero service code or ack
  std::optional<uint8_t> data_offset = {};
  std::optional<uint16_t> checksum = {};
};

struct Payload {
  std::string text = {};
};
struct Raw {               // bytes as they are; `protocol` is what the header before it then says
  uint8_t protocol = 253;  // RFC 3692: for experiments
  Bytes bytes = {};
};

using Layer =
    std::variant<Ip4, Ip6, HopByHop, DestinationOptions, Routing, Fragment6, Authentication, Tcp,
                 Udp, UdpLite, Icmp, Icmp6, Sctp, Dccp, Payload, Raw>;
using Packet = std::vector<Layer>;

template <class T>
concept PacketLayer =
    std::is_constructible_v<Layer, T> && !std::is_same_v<std::remove_cvref_t<T>, Layer>;

template <PacketLayer First, PacketLayer Second> Packet operator/(First first, Second second) {
  Packet packet;
  packet.emplace_back(std::move(first));
  packet.emplace_back(std::move(second));
  return packet;
}
template <PacketLayer Next> Packet operator/(Packet packet, Next next) {
  packet.emplace_back(std::move(next));
  return packet;
}
// For example an ICMP error and the packet that it quotes.
Packet operator/(Packet packet, const Packet& rest);

// A SupportError if an address doesn't parse.
Bytes build(const Packet& packet);
inline Bytes build(Layer only) { return build(Packet{std::move(only)}); }

// The first `size` bytes, with the outer IP length and checksum made to match: what the stack hands
// to Netfilter although the header inside is cut.
Bytes truncate(Bytes packet, size_t size);

// The packet in fragments that carry at most `size` bytes each (a multiple of 8). For IPv6 the
// fragment header comes right after the fixed header.
std::vector<Bytes> fragment(const Bytes& packet, size_t size);

// RFC 1071, over whole bytes; the last odd one is padded.
uint16_t internet_checksum(const Bytes& bytes);

// The packet under a fresh number: by its id, or its flow label, the rig knows it again.
Bytes stamped(Bytes packet);

// 4 or 16 bytes; a SupportError if it is neither.
Bytes address_bytes(const std::string& text);

}  // namespace bulkhead::testing
