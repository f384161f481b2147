// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

#include "core/u128.h"
#include "net/family.h"

namespace bulkhead::ir {

// From where a field's bits are read.
enum class Base : uint8_t {
  kNone,       // this family has no such field
  kNetwork,    // bits from the start of the IP header, network byte order
  kTransport,  // bits from the start of the transport header; unreadable in a later fragment
  kMeta,       // what the kernel knows beside the packet: see Meta
  kConntrack,  // what connection tracking says of it: see Conntrack; unreadable where it has no
               // connection
  kLink,       // bits from the start of the link's header; unreadable where there is none
  kRoute,      // what the routing table says of an address: see Route
};

enum class Meta : uint8_t {
  kInInterface,
  kOutInterface,
  kProtocol,
  kMark,
  kPriority,  // of traffic control (tc(8)): major << 16 | minor
  kLength,
  kPacketType,    // PACKET_HOST, _BROADCAST or _MULTICAST of linux/if_packet.h; through lo, whether
                  // the destination is a multicast address: _MULTICAST, else _BROADCAST
  kInDeviceType,  // ARPHRD_* of linux/if_arp.h, of the incoming interface; unreadable without one
};
// kState is always there; the others are those of a connection. Addresses and ports: of the
// connection's first packet (original) and of its answers (reply).
enum class Conntrack : uint8_t {
  kState,
  kStatus,     // IPS_* of linux/netfilter/nf_conntrack_common.h
  kDirection,  // 0: as the first packet went; 1: the other way
  kMark,
  kExpiration,  // in milliseconds from now
  kProtocol,
  kOriginalSource,
  kOriginalDestination,
  kReplySource,
  kReplyDestination,
  kOriginalSourcePort,
  kOriginalDestinationPort,
  kReplySourcePort,
  kReplyDestinationPort,
};
// The type of an address, RTN_* of linux/rtnetlink.h; or whether a packet could be routed to it, 1
// or 0 ("path": always 1 for one that came through lo). Bits, so that a key says whose address it
// is, which interface alone is asked, and whether the packet's mark is routed by, too (fib of
// nft(8): NFTA_FIB_F_*).
enum class Route : uint8_t {
  kSource = 1,
  kDestination = 2,
  kSourceOnIn = kSource | 8,
  kDestinationOnIn = kDestination | 8,
  kSourceOnOut = kSource | 16,
  kDestinationOnOut = kDestination | 16,
  kPathToSource = kSource | 32,
  kPathToSourceByMark = kPathToSource | 4,
  kPathToSourceOnIn = kPathToSource | 8,
  kPathToSourceOnInByMark = kPathToSourceOnIn | 4,
};
constexpr bool is_path(Route key) { return (static_cast<uint8_t>(key) & 32) != 0; }

// Where the bits are. For kMeta, kConntrack and kRoute, `offset` is that key.
struct Location {
  Base base = Base::kNone;
  uint16_t offset = 0;  // in bits
  uint16_t width = 0;   // in bits, at most 128
};

constexpr Location at(Base base, uint16_t offset, uint16_t width) { return {base, offset, width}; }
constexpr Location at(Meta key, uint16_t width) {
  return {Base::kMeta, static_cast<uint16_t>(key), width};
}
constexpr Location at(Conntrack key, uint16_t width) {
  return {Base::kConntrack, static_cast<uint16_t>(key), width};
}
constexpr Location at(Route key) {
  return {Base::kRoute, static_cast<uint16_t>(key), static_cast<uint16_t>(is_path(key) ? 8 : 32)};
}

// What a value of the field means to a person; decides how it is written in words.
enum class Kind : uint8_t {
  kNumber,
  kAddress,
  kPort,
  kInterface,
  kProtocol,
  kState,
  kFlags,
  kIcmpType
};

// One field of a packet. Its identity is its address: define it once, `inline constexpr`, and
// compare pointers.
struct Field {
  std::string_view name;   // nft(8)'s words: "saddr", "iifname", "ct state"
  std::string_view words;  // in a sentence: "source address"
  Kind kind = Kind::kNumber;
  Location v4;
  Location v6;

  constexpr const Location& location(net::Family family) const {
    return family == net::Family::kIpv4 ? v4 : v6;
  }
};

// Fields that no single match owns. The others stand in the row of their match (ext/match/*.cpp).
inline constexpr Field kSource{"saddr", "source address", Kind::kAddress,
                               at(Base::kNetwork, 96, 32), at(Base::kNetwork, 64, 128)};
inline constexpr Field kDestination{"daddr", "destination address", Kind::kAddress,
                                    at(Base::kNetwork, 128, 32), at(Base::kNetwork, 192, 128)};
// The transport protocol: of IPv6, the one behind the extension headers.
inline constexpr Field kProtocol{"l4proto", "protocol", Kind::kProtocol, at(Meta::kProtocol, 8),
                                 at(Meta::kProtocol, 8)};
// 16 bytes, padded with zeros, the first character most significant: `eth+` is a range like any
// prefix. All zero where the hook has no such interface.
inline constexpr Field kInInterface{"iifname", "incoming interface", Kind::kInterface,
                                    at(Meta::kInInterface, 128), at(Meta::kInInterface, 128)};
inline constexpr Field kOutInterface{"oifname", "outgoing interface", Kind::kInterface,
                                     at(Meta::kOutInterface, 128), at(Meta::kOutInterface, 128)};
inline constexpr Field kPacketMark{"mark", "mark", Kind::kNumber, at(Meta::kMark, 32),
                                   at(Meta::kMark, 32)};
inline constexpr Field kPriority{"priority", "priority", Kind::kNumber, at(Meta::kPriority, 32),
                                 at(Meta::kPriority, 32)};
// Unreadable without a connection.
inline constexpr Field kConnectionMark{"ct mark", "connection's mark", Kind::kNumber,
                                       at(Conntrack::kMark, 32), at(Conntrack::kMark, 32)};
// The type of service of IPv4, the traffic class of IPv6; and of it, the DiffServ codepoint (RFC
// 2474).
inline constexpr Field kTypeOfService{"tos", "type of service", Kind::kFlags,
                                      at(Base::kNetwork, 8, 8), at(Base::kNetwork, 4, 8)};
inline constexpr Field kDscp{"dscp", "DSCP", Kind::kNumber, at(Base::kNetwork, 8, 6),
                             at(Base::kNetwork, 4, 6)};
// Of the whole packet, with its IP header, in bytes.
inline constexpr Field kLength{"length", "length", Kind::kNumber, at(Meta::kLength, 32),
                               at(Meta::kLength, 32)};
// IPv4's time to live.
inline constexpr Field kHopLimit{"ttl", "time to live", Kind::kNumber, at(Base::kNetwork, 64, 8),
                                 at(Base::kNetwork, 56, 8)};
// Behind the destination's 48 bits in an Ethernet header.
inline constexpr Field kSourceMac{"ether saddr", "source MAC address", Kind::kNumber,
                                  at(Base::kLink, 48, 48), at(Base::kLink, 48, 48)};
// ARPHRD_* of net/if_arp.h.
inline constexpr Field kInDeviceType{"iiftype", "type of the incoming interface", Kind::kNumber,
                                     at(Meta::kInDeviceType, 16), at(Meta::kInDeviceType, 16)};
inline constexpr Field kPacketType{"pkttype", "packet type", Kind::kNumber,
                                   at(Meta::kPacketType, 8), at(Meta::kPacketType, 8)};
// In units of 8 bytes; 0 for a whole packet and a first fragment.
inline constexpr Field kFragmentOffset{
    "frag-off", "fragment offset", Kind::kNumber, at(Base::kNetwork, 51, 13), {}};
// tcp, udp, udplite, sctp and dccp have their ports at the same place.
inline constexpr Field kSourcePort{"sport", "source port", Kind::kPort, at(Base::kTransport, 0, 16),
                                   at(Base::kTransport, 0, 16)};
inline constexpr Field kDestinationPort{"dport", "destination port", Kind::kPort,
                                        at(Base::kTransport, 16, 16), at(Base::kTransport, 16, 16)};
// One bit of CtState at a time.
inline constexpr Field kCtState{"ct state", "connection state", Kind::kState,
                                at(Conntrack::kState, 32), at(Conntrack::kState, 32)};

// IPS_* of linux/netfilter/nf_conntrack_common.h.
inline constexpr Field kCtStatus{"ct status", "connection's status", Kind::kFlags,
                                 at(Conntrack::kStatus, 32), at(Conntrack::kStatus, 32)};
inline constexpr U128 kTranslatedStatus = 0x30;  // IPS_SRC_NAT, IPS_DST_NAT

// Values of kCtState: NF_CT_STATE_BIT and NF_CT_STATE_UNTRACKED_BIT of
// linux/netfilter/nf_conntrack_common.h, as nf_tables' `ct state` gives them. Exactly one of them
// holds for a packet.
enum class CtState : uint32_t {
  kInvalid = 1,
  kEstablished = 2,
  kRelated = 4,
  kNew = 8,
  kUntracked = 64
};

}  // namespace bulkhead::ir
