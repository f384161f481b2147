// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/address.h"

namespace bulkhead::net {

// IANA's numbers of the protocols whose headers are known here.
inline constexpr uint8_t kIcmp = 1;
inline constexpr uint8_t kTcp = 6;
inline constexpr uint8_t kUdp = 17;
inline constexpr uint8_t kDccp = 33;
inline constexpr uint8_t kIcmp6 = 58;
inline constexpr uint8_t kSctp = 132;
inline constexpr uint8_t kUdpLite = 136;

// RFC 9293, the flags' byte.
enum TcpFlag : uint8_t {
  kFin = 0x01,
  kSyn = 0x02,
  kRst = 0x04,
  kPsh = 0x08,
  kAck = 0x10,
  kUrg = 0x20,
  kEce = 0x40,
  kCwr = 0x80,
};

// Whether the protocol's header begins with a source and a destination port.
bool has_ports(uint8_t protocol);

struct PacketFields;
// ICMPv6's talk of neighbours and multicast groups, which connection tracking passes over
// (noct_valid_new of the kernel's nf_conntrack_proto_icmpv6.c).
bool never_tracked(const PacketFields& fields);

// A header between the IP header and the transport's: IPv6's extension headers, and AH.
struct ExtensionHeader {
  uint8_t protocol = 0;
  std::vector<uint8_t> rest;  // its bytes behind the first, which says what comes next
};

// One IP packet, with the fields that a firewall commonly asks for.
struct PacketFields {
  Address source;  // of the same family as the destination
  Address destination;
  uint8_t protocol = 0;
  uint16_t source_port = 0;  // where has_ports(protocol)
  uint16_t destination_port = 0;
  uint8_t tcp_flags = 0;
  uint8_t icmp_type = 0;  // ICMP and ICMPv6
  uint8_t icmp_code = 0;
  uint8_t dccp_type = 0;              // RFC 4340, 5.1: 0 is a request
  uint8_t sctp_chunk = 1;             // type of its only chunk, RFC 9260, 3.2: 1 is INIT
  uint8_t hop_limit = 64;             // of IPv4: time to live
  uint8_t dscp = 0;                   // RFC 2474, 6 bits
  uint8_t ecn = 0;                    // RFC 3168, 2 bits
  std::optional<uint16_t> tcp_mss{};  // the option that names the largest segment
  uint16_t fragment_offset =
      0;  // in units of 8 bytes; not 0: a later fragment, without a transport header
  bool more_fragments = false;
  std::vector<ExtensionHeader> headers = {};  // a fragment header of the above comes behind them
  std::vector<uint8_t> data = {};             // behind the transport header
  uint32_t length = 0;  // of the whole packet, in bytes; the payload fills it up. 0: the shortest
};

// The shortest packet that carries those fields; `length` below it is not met.
uint32_t minimum_length(const PacketFields& fields);

// The packet's bytes from the IP header on, all lengths and checksums right. A later fragment, or
// any fragment of an IPv6 packet, has a fragment header. The length is at most 65535 (of IPv6:
// behind the fixed header).
std::vector<uint8_t> build_packet(const PacketFields& fields);

// RFC 1071 over the bytes; an odd last one is padded with a zero.
uint16_t internet_checksum(std::span<const uint8_t> bytes);

}  // namespace bulkhead::net
