// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/names.h"
#include "net/packet_build.h"

namespace bulkhead::net {

// What connection tracking says of a packet; the values are those of ir::CtState (and of the
// kernel).
enum class PacketState : uint32_t {
  kInvalid = 1,
  kEstablished = 2,
  kRelated = 4,
  kNew = 8,
  kUntracked = 64
};

// Where a packet passes the host's filter; the hooks that iptables calls INPUT, FORWARD and OUTPUT.
enum class Direction : uint8_t { kInput, kForward, kOutput };

// iptables' chain of such packets: INPUT, FORWARD, OUTPUT.
constexpr std::string_view chain_of(Direction direction) {
  switch (direction) {
    case Direction::kInput: return "INPUT";
    case Direction::kForward: return "FORWARD";
    case Direction::kOutput: break;
  }
  return "OUTPUT";
}

// To whom a packet goes, as the link sees it: PACKET_HOST, _BROADCAST and _MULTICAST of
// linux/if_packet.h.
enum class LinkCast : uint8_t { kUnicast = 0, kBroadcast = 1, kMulticast = 2 };

// A packet in words, as a person describes one:
//
//   tcp 192.0.2.1:40000 > 192.0.2.2:22 new in eth0 flags syn
//   icmp 192.0.2.1 > 192.0.2.2 type 8/0
//   udp [2001:db8::1]:40000 > [2001:db8::2]:53 in eth0 out eth1
//
// protocol (a name or a number), source[:port] > destination[:port] ("->" too), then in any order:
//   new established related invalid untracked     the connection's state; if none is given, that of
//                      a packet that no connection is known of (state_of_unknown())
//   in IF, out IF      only in: INPUT; only out: OUTPUT; both: FORWARD; none: INPUT
//   flags a,b | none   TCP: fin syn rst psh ack urg ece cwr; syn where new or no state is given,
//                      else ack
//   type T[/C]         ICMP, ICMPv6: numbers or a name ("echo-request", the default)
//   type N             DCCP
//   chunk N            SCTP: the type of its only chunk; 1 (INIT) unless given
//   length N           of the whole packet in bytes
//   fragment N         a later fragment, N in units of 8 bytes
//   header H:BYTES     before the transport header: hbh, dst, rt or frag of IPv6, or ah; BYTES, in
//                      hex, are all of it but the first, which says what comes next. Any number of
//                      them
//   mark N, ctmark N   decimal or 0x...; ctmark is the connection's
//   ttl N              time to live or hop limit where the hook sees it (a router takes one off
//                      before FORWARD); 64 unless given
//   dscp N, ecn N      0 to 63, 0 to 3
//   mss N              TCP: the option that names the largest segment
//   data WORD          what the payload begins with: the word itself, or bytes in hex behind 0x
//   mac A:B:C:D:E:F    it came over Ethernet, from there
//   broadcast, multicast   as the link sees its destination; else it was for this host
//   uid N, gid N       the user and the group of the socket that sends it
// A port that isn't given is 40000 for the source and 80 for the destination.
struct PacketText {
  PacketFields fields;
  PacketState state = PacketState::kNew;
  std::string in_interface;  // empty: none was named
  std::string out_interface;
  uint32_t mark = 0;
  uint32_t connection_mark = 0;
  std::optional<uint64_t> source_mac;  // 48 bits
  std::optional<uint32_t> user;        // of the socket that sends it
  std::optional<uint32_t> group;
  LinkCast cast = LinkCast::kUnicast;

  Family family() const { return fields.source.family; }
  Direction direction() const;
  std::vector<uint8_t> bytes() const { return build_packet(fields); }
};

// The error is kUsage, its span in `text`. `names` finds services and further protocols (no host
// names: a packet has addresses).
Result<PacketText> parse_packet(std::string_view text, const Names& names);
Result<PacketText> parse_packet(std::string_view text);  // with SystemNames

// What connection tracking calls a packet of which it knows no connection: TCP begins with a SYN or
// is taken up by an ACK (nf_conntrack_tcp_loose), ICMP begins with a request, and of other
// protocols any packet begins a connection.
PacketState state_of_unknown(const PacketFields& fields);

// "192.0.2.1:22", "[2001:db8::1]:22"; without a port the address alone.
std::string endpoint_text(const Address& address, std::optional<uint16_t> port);

// The same words, in one canonical form: parse_packet(to_string(p)) gives p again.
std::string to_string(const PacketText& packet);

// The answer to a packet: addresses, ports and interfaces exchanged, of an established connection;
// SYN is answered by SYN and ACK, an echo request by its reply.
PacketText reply_to(const PacketText& packet);

}  // namespace bulkhead::net
