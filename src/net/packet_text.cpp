// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/packet_text.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "net/packet_words.h"

namespace bulkhead::net {

namespace {

using words::icmp_types;
using words::kCasts;
using words::kFlags;
using words::kHeaders;
using words::kStates;
using words::Named;
using words::value_of;

std::string mac_text(uint64_t mac) {
  std::string out;
  for (int shift = 40; shift >= 0; shift -= 8)
    out += fmt::format("{}{:02x}", out.empty() ? "" : ":", mac >> shift & 0xff);
  return out;
}

std::string hex_text(const std::vector<uint8_t>& bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

// As it is where it reads so again, else in hex.
std::string data_text(const std::vector<uint8_t>& data) {
  const auto plain = [](uint8_t c) { return c > ' ' && c <= '~' && c != '>'; };
  const std::string text(data.begin(), data.end());
  if (std::ranges::all_of(data, plain) && !text.starts_with("0x")) return text;
  return "0x" + hex_text(data);
}

std::string flags_text(uint8_t flags) {
  std::string out;
  for (const Named& flag : kFlags) {
    if ((flags & flag.value) != 0) out += fmt::format("{}{}", out.empty() ? "" : ",", flag.name);
  }
  return out.empty() ? "none" : out;
}

}  // namespace

Direction PacketText::direction() const {
  if (out_interface.empty()) return Direction::kInput;
  return in_interface.empty() ? Direction::kOutput : Direction::kForward;
}

PacketState state_of_unknown(const PacketFields& fields) {
  constexpr unsigned kTelling = kFin | kSyn | kRst | kAck;
  // Echo, timestamp, information and address mask; echo and node information.
  constexpr uint8_t kRequests[] = {8, 13, 15, 17}, kRequests6[] = {128, 139};
  if (never_tracked(fields)) return PacketState::kUntracked;
  if (fields.fragment_offset != 0) return PacketState::kNew;  // nothing is seen of its header
  const unsigned telling = fields.tcp_flags & kTelling;
  bool begins = true;
  switch (fields.protocol) {
    case kTcp: begins = telling == kSyn || telling == kAck; break;
    case kIcmp:
      begins = std::ranges::find(kRequests, fields.icmp_type) != std::end(kRequests);
      break;
    case kIcmp6:
      begins = std::ranges::find(kRequests6, fields.icmp_type) != std::end(kRequests6);
      break;
    default: break;
  }
  return begins ? PacketState::kNew : PacketState::kInvalid;
}

std::string endpoint_text(const Address& address, std::optional<uint16_t> port) {
  if (!port) return to_string(address);
  if (address.family == Family::kIpv4) return fmt::format("{}:{}", to_string(address), *port);
  return fmt::format("[{}]:{}", to_string(address), *port);
}

std::string to_string(const PacketText& packet) {
  const PacketFields& fields = packet.fields;
  const bool ports = has_ports(fields.protocol);
  const auto name = builtin_protocol_name(fields.protocol);
  std::string out = fields.protocol == 0        ? "0"
                    : fields.protocol == kIcmp6 ? "icmp6"
                    : name                      ? std::string(*name)
                                                : std::to_string(fields.protocol);
  out += fmt::format(
      " {} > {}",
      endpoint_text(fields.source, ports ? std::optional(fields.source_port) : std::nullopt),
      endpoint_text(fields.destination,
                    ports ? std::optional(fields.destination_port) : std::nullopt));
  const auto* state =
      std::ranges::find(kStates, static_cast<uint32_t>(packet.state), &Named::value);
  if (state != std::end(kStates)) out += fmt::format(" {}", state->name);
  if (!packet.in_interface.empty()) out += " in " + packet.in_interface;
  if (!packet.out_interface.empty()) out += " out " + packet.out_interface;
  if (fields.protocol == kTcp) out += " flags " + flags_text(fields.tcp_flags);
  if (fields.protocol == kIcmp || fields.protocol == kIcmp6) {
    out += fmt::format(" type {}/{}", fields.icmp_type, fields.icmp_code);
  }
  if (fields.length != 0) out += fmt::format(" length {}", fields.length);
  for (const ExtensionHeader& header : fields.headers) {
    const auto* named = std::ranges::find(kHeaders, header.protocol, &Named::value);
    if (named == std::end(kHeaders)) continue;
    out += fmt::format(" header {}:{}", named->name, hex_text(header.rest));
  }
  if (fields.fragment_offset != 0) out += fmt::format(" fragment {}", fields.fragment_offset);
  if (fields.protocol == kDccp && fields.dccp_type != 0)
    out += fmt::format(" type {}", fields.dccp_type);
  const PacketFields usual;
  if (fields.protocol == kSctp && fields.sctp_chunk != usual.sctp_chunk)
    out += fmt::format(" chunk {}", fields.sctp_chunk);
  if (fields.hop_limit != usual.hop_limit) out += fmt::format(" ttl {}", fields.hop_limit);
  if (fields.dscp != 0) out += fmt::format(" dscp {}", fields.dscp);
  if (fields.ecn != 0) out += fmt::format(" ecn {}", fields.ecn);
  if (fields.tcp_mss) out += fmt::format(" mss {}", *fields.tcp_mss);
  if (!fields.data.empty()) out += " data " + data_text(fields.data);
  if (packet.mark != 0) out += fmt::format(" mark {:#x}", packet.mark);
  if (packet.connection_mark != 0) out += fmt::format(" ctmark {:#x}", packet.connection_mark);
  if (packet.source_mac) out += " mac " + mac_text(*packet.source_mac);
  if (packet.user) out += fmt::format(" uid {}", *packet.user);
  if (packet.group) out += fmt::format(" gid {}", *packet.group);
  const auto* cast = std::ranges::find(kCasts, static_cast<uint32_t>(packet.cast), &Named::value);
  if (cast != std::end(kCasts)) out += fmt::format(" {}", cast->name);
  return out;
}

PacketText reply_to(const PacketText& packet) {
  PacketText reply = packet;
  std::swap(reply.fields.source, reply.fields.destination);
  std::swap(reply.fields.source_port, reply.fields.destination_port);
  std::swap(reply.in_interface, reply.out_interface);
  reply.source_mac.reset();
  reply.user.reset();
  reply.group.reset();
  reply.state = PacketState::kEstablished;
  if (packet.fields.protocol == kTcp) {
    const bool opens = (packet.fields.tcp_flags & (kSyn | kAck)) == kSyn;
    reply.fields.tcp_flags = opens ? kSyn | kAck : kAck;
  }
  const auto types = icmp_types(packet.fields.protocol);
  const bool icmp = packet.fields.protocol == kIcmp || packet.fields.protocol == kIcmp6;
  if (icmp && packet.fields.icmp_type == *value_of(types, "echo-request") >> 8) {
    reply.fields.icmp_type = static_cast<uint8_t>(*value_of(types, "echo-reply") >> 8);
  }
  return reply;
}

}  // namespace bulkhead::net
