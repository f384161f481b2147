// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/witness_packet.h"

#include <net/if_arp.h>

#include <algorithm>

#include "net/packet_build.h"

namespace bulkhead::app {

net::PacketText packet_of(const set::Space& space, const set::Point& point) {
  const net::Family family = space.family();
  const auto field = [&](const ir::Field& it) { return set::value_of(space, point, it); };
  const auto asked = [&](const ir::Field& it) { return !space.segments(it).empty(); };
  net::PacketText packet;
  net::PacketFields& fields = packet.fields;
  fields.source = {family, field(ir::kSource)};
  fields.destination = {family, field(ir::kDestination)};
  fields.protocol = static_cast<uint8_t>(field(ir::kProtocol));
  if (net::has_ports(fields.protocol)) {
    fields.source_port = static_cast<uint16_t>(field(ir::kSourcePort));
    fields.destination_port = static_cast<uint16_t>(field(ir::kDestinationPort));
  }
  packet.state = static_cast<net::PacketState>(field(ir::kCtState));
  if (fields.protocol == net::kTcp) {
    uint8_t bits = 0;  // that rules ask for
    for (const set::Segment& segment : space.segments(set::kTcpFlags))
      bits |= static_cast<uint8_t>(low_bits(segment.width) << segment.shift);
    fields.tcp_flags = static_cast<uint8_t>(field(set::kTcpFlags));
    for (const uint8_t usual : set::usual_tcp_flags(static_cast<ir::CtState>(packet.state))) {
      if ((usual & bits) != (fields.tcp_flags & bits & set::kTellingFlags)) continue;
      fields.tcp_flags |= usual;
      break;
    }
  }
  if (fields.protocol == net::kIcmp || fields.protocol == net::kIcmp6) {
    const auto type_and_code = static_cast<unsigned>(field(set::kIcmpTypeAndCode));
    fields.icmp_type = asked(set::kIcmpTypeAndCode)
                           ? static_cast<uint8_t>(type_and_code >> 8)
                           : set::usual_icmp_type(family, static_cast<ir::CtState>(packet.state));
    fields.icmp_code = static_cast<uint8_t>(type_and_code & 0xff);
  }
  if (asked(ir::kTypeOfService) || asked(ir::kDscp)) {
    const auto tos = static_cast<unsigned>(field(ir::kTypeOfService));
    fields.dscp = static_cast<uint8_t>(tos >> 2);
    fields.ecn = static_cast<uint8_t>(tos & 3);
  }
  if (asked(ir::kHopLimit)) fields.hop_limit = static_cast<uint8_t>(field(ir::kHopLimit));
  if (asked(ir::kSourceMac) && field(ir::kInDeviceType) == ARPHRD_ETHER)
    packet.source_mac = static_cast<uint64_t>(field(ir::kSourceMac));
  if (asked(ir::kPacketType)) packet.cast = static_cast<net::LinkCast>(field(ir::kPacketType));
  switch (set::shape_of(space, point)) {
    case set::Shape::kSecondBlock: fields.fragment_offset = 1; break;
    case set::Shape::kLaterFragment: fields.fragment_offset = 185; break;
    default: break;
  }
  if (!set::is_like(space, point, ir::kLength, packet.bytes().size())) {
    const auto length = static_cast<uint32_t>(std::min<U128>(field(ir::kLength), 65535));
    if (length >= net::minimum_length(fields)) fields.length = length;
  }
  packet.in_interface = set::interface_name(field(ir::kInInterface));
  packet.out_interface = set::interface_name(field(ir::kOutInterface));
  packet.mark = static_cast<uint32_t>(field(ir::kPacketMark));
  packet.connection_mark = static_cast<uint32_t>(field(ir::kConnectionMark));
  return packet;
}

}  // namespace bulkhead::app
