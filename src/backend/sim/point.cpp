// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/sim/point.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "backend/sim/bits.h"
#include "core/byte_order.h"
#include "net/packet_build.h"

namespace bulkhead::backend::sim {

namespace {

using set::Dimension;

constexpr ir::Field kLength{"length", "length", ir::Kind::kNumber, ir::at(ir::Meta::kLength, 32),
                            ir::at(ir::Meta::kLength, 32)};
constexpr ir::Field kHops{"ttl", "time to live", ir::Kind::kNumber,
                          ir::at(ir::Base::kNetwork, 64, 8), ir::at(ir::Base::kNetwork, 56, 8)};

net::PacketFields fields_of(const set::Space& space, const set::Point& point) {
  const net::Family family = space.family();
  const auto field = [&](const ir::Field& it) { return set::value_of(space, point, it); };
  net::PacketFields fields;
  fields.source = {family, field(ir::kSource)};
  fields.destination = {family, field(ir::kDestination)};
  fields.protocol = static_cast<uint8_t>(field(ir::kProtocol));
  fields.source_port = static_cast<uint16_t>(field(ir::kSourcePort));
  fields.destination_port = static_cast<uint16_t>(field(ir::kDestinationPort));
  const bool flags = !space.segments(set::kTcpFlags).empty();
  fields.tcp_flags = flags ? static_cast<uint8_t>(field(set::kTcpFlags)) : uint8_t{net::kSyn};
  const auto type_and_code = static_cast<unsigned>(field(set::kIcmpTypeAndCode));
  fields.icmp_type = static_cast<uint8_t>(type_and_code >> 8);
  fields.icmp_code = static_cast<uint8_t>(type_and_code & 0xff);
  const auto tos = static_cast<unsigned>(field(ir::kTypeOfService));
  fields.dscp = static_cast<uint8_t>(tos >> 2);
  fields.ecn = static_cast<uint8_t>(tos & 3);
  if (!space.segments(kHops).empty()) fields.hop_limit = static_cast<uint8_t>(field(kHops));
  switch (set::shape_of(space, point)) {
    case set::Shape::kSecondBlock: fields.fragment_offset = 1; break;
    case set::Shape::kLaterFragment: fields.fragment_offset = 185; break;
    default: break;
  }
  return fields;
}

uint32_t length_of(const set::Space& space, const set::Point& point) {
  return static_cast<uint32_t>(std::min<U128>(set::value_of(space, point, kLength), 65535));
}

// A longer packet without more of its transport header: no-operations among the options of IPv4, a
// header of paddings in IPv6.
void stretch(std::vector<uint8_t>& bytes, net::Family family, size_t length) {
  if (bytes.size() >= length) return;
  const size_t missing = length - bytes.size();
  if (family == net::Family::kIpv4) {
    constexpr size_t kMostOptions = 40;
    const size_t header = (bytes[0] & 15) * size_t{4};
    const size_t more = std::min((missing + 3) / 4 * 4, kMostOptions);
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(header), more, 1);
    bytes[0] = static_cast<uint8_t>(0x40 | (header + more) / 4);
    return;
  }
  constexpr size_t kFixed = 40;
  constexpr size_t kNextHeader = 6;
  constexpr uint8_t kDestinationOptions = 60;
  constexpr size_t kLongest = 256 * 8;
  const size_t more = std::min((missing + 7) / 8 * 8, kLongest);
  std::vector<uint8_t> header(more, 0);
  header[0] = bytes[kNextHeader];
  header[1] = static_cast<uint8_t>(more / 8 - 1);
  bytes[kNextHeader] = kDestinationOptions;
  bytes.insert(bytes.begin() + kFixed, header.begin(), header.end());
}

// TCP options that rules ask for by their kinds.
void add_tcp_options(const set::Space& space, const set::Point& point, Packet& packet,
                     size_t transport) {
  constexpr std::string_view kQuestion = "tcp option ";  // set::question_of(ir::Header)
  constexpr size_t kFixed = 20;
  std::vector<uint8_t> options;
  for (size_t i = 0; i < point.values.size(); ++i) {
    const Dimension& dimension = space.dimensions()[i];
    if (dimension.kind != Dimension::Kind::kAnswer || point.values[i] == 0) continue;
    if (!dimension.question.starts_with(kQuestion)) continue;
    unsigned kind = 0;
    std::from_chars(dimension.question.data() + kQuestion.size(),
                    dimension.question.data() + dimension.question.size(), kind);
    options.insert(options.end(), {static_cast<uint8_t>(kind), 2});
  }
  constexpr size_t kMost = 40;
  if (options.empty() || options.size() > kMost || packet.bytes.size() < transport + kFixed) return;
  options.resize((options.size() + 3) / 4 * 4);
  packet.bytes.insert(packet.bytes.begin() + static_cast<std::ptrdiff_t>(transport + kFixed),
                      options.begin(), options.end());
  packet.bytes[transport + 12] = static_cast<uint8_t>((kFixed + options.size()) / 4 << 4);
}

void finish_ip_header(std::vector<uint8_t>& bytes, net::Family family) {
  constexpr size_t kIp6Header = 40;
  const std::span all(bytes);
  if (family == net::Family::kIpv6) {
    store_be(bytes.size() - kIp6Header, all.subspan(4, 2));
    return;
  }
  store_be(bytes.size(), all.subspan(2, 2));
  store_be(0u, all.subspan(10, 2));
  store_be(net::internet_checksum(all.first((bytes[0] & 15) * size_t{4})), all.subspan(10, 2));
}

void know(Packet& packet, const Dimension& dimension, U128 value) {
  switch (dimension.base) {
    case ir::Base::kConntrack:
      if (dimension.key == static_cast<uint16_t>(ir::Conntrack::kState)) break;
      // A field may lie in several dimensions: bits from its most significant one on.
      packet.connection[static_cast<ir::Conntrack>(dimension.key)] = value;
      break;
    case ir::Base::kRoute:
      packet.routes[static_cast<ir::Route>(dimension.key)] = static_cast<uint32_t>(value);
      break;
    case ir::Base::kMeta:
      switch (static_cast<ir::Meta>(dimension.key)) {
        case ir::Meta::kPacketType: packet.packet_type = static_cast<uint8_t>(value); break;
        case ir::Meta::kInDeviceType: packet.in_device_type = static_cast<uint16_t>(value); break;
        default: break;
      }
      break;
    case ir::Base::kLink: {
      constexpr size_t kEthernetHeader = 14;
      if (!packet.link) packet.link.emplace(kEthernetHeader);
      const size_t end = dimension.first + dimension.width;
      if (packet.link->size() * 8 < end) packet.link->resize((end + 7) / 8);
      write_bits(*packet.link, dimension.first, dimension.width, value);
      break;
    }
    default: break;
  }
}

}  // namespace

Packet packet_at(const set::Space& space, const set::Point& point, ir::Hook hook) {
  const net::Family family = space.family();
  const auto field = [&](const ir::Field& it) { return set::value_of(space, point, it); };
  net::PacketFields fields = fields_of(space, point);
  const set::Shape shape = set::shape_of(space, point);
  const bool cut = shape == set::Shape::kPortsOnly || shape == set::Shape::kCutOff;
  const uint32_t length = length_of(space, point);
  if (!cut && length >= net::minimum_length(fields)) fields.length = length;
  Packet packet{.bytes = net::build_packet(fields),
                .hook = hook,
                .in_interface = set::interface_name(field(ir::kInInterface)),
                .out_interface = set::interface_name(field(ir::kOutInterface)),
                .state = static_cast<ir::CtState>(field(ir::kCtState)),
                .mark = static_cast<uint32_t>(field(ir::kPacketMark)),
                .priority = static_cast<uint32_t>(field(ir::kPriority)),
                .connection = {},
                .routes = {},
                .packet_type = {},
                .in_device_type = {},
                .link = {}};
  const size_t transport = net::parse_layout(packet.bytes)->transport_offset;
  const bool whole = shape == set::Shape::kWhole;
  for (size_t i = 0; i < point.values.size(); ++i) {
    const Dimension& dimension = space.dimensions()[i];
    if (dimension.kind != Dimension::Kind::kBits) continue;
    const bool network = dimension.base == ir::Base::kNetwork;
    if (network || (dimension.base == ir::Base::kTransport && whole)) {
      const size_t first = dimension.first + (network ? 0 : transport * 8);
      if (first + dimension.width <= packet.bytes.size() * 8)
        write_bits(packet.bytes, first, dimension.width, point.values[i]);
    } else {
      know(packet, dimension, point.values[i]);
    }
  }
  if (packet.connected() && !space.segments(ir::kConnectionMark).empty())
    packet.connection[ir::Conntrack::kMark] = field(ir::kConnectionMark);
  constexpr size_t kPorts = 4;
  const size_t kept = shape == set::Shape::kPortsOnly ? transport + kPorts : transport;
  if (cut) {
    packet.bytes.resize(std::min(packet.bytes.size(), kept));
    stretch(packet.bytes, family, length);
  }
  if (whole && field(ir::kProtocol) == net::kTcp) add_tcp_options(space, point, packet, transport);
  finish_ip_header(packet.bytes, family);
  return packet;
}

Oracle answers_at(const set::Space& space, const set::Point& point) {
  return [&space, &point](const ir::Rule&, const ir::Condition& condition) {
    auto dimension = space.answer(condition);
    const auto* opaque = std::get_if<ir::Opaque>(&condition);
    if (!dimension && opaque != nullptr) dimension = space.answer(set::question_of(*opaque));
    if (!dimension) return Truth::kUnknown;
    return point.values[*dimension] != 0 ? Truth::kYes : Truth::kNo;
  };
}

}  // namespace bulkhead::backend::sim
