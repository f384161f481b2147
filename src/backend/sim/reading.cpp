// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/sim/reading.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "backend/sim/bits.h"
#include "core/byte_order.h"

namespace bulkhead::backend::sim {

namespace {

Answer answer(bool yes) { return yes ? Answer::kYes : Answer::kNo; }

// As ir::kInInterface has it: 16 bytes, padded with zeros.
U128 interface_value(const std::string& name) {
  std::array<uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), name.data(), std::min(name.size(), bytes.size() - 1));
  return load_be(bytes);
}

// In bytes, in the order of ir::Header::Form.
constexpr size_t kHeaderSizes[] = {20, 8, 8, 8, 4, 12, 12, 8, 12, 4};

}  // namespace

std::optional<U128> Reading::bits(size_t first, unsigned width) const {
  return read_bits(packet_.bytes, first, width);
}

bool Reading::has_transport(size_t size) const {
  return layout_.transport_offset + size <= packet_.bytes.size();
}

Reading::Held Reading::look_at(ir::Meta key) const {
  switch (key) {
    case ir::Meta::kInInterface: return {interface_value(packet_.in_interface)};
    case ir::Meta::kOutInterface: return {interface_value(packet_.out_interface)};
    case ir::Meta::kProtocol:
      // ip6_packet_match() of net/ipv6/netfilter/ip6_tables.c: whoever asks for the protocol where
      // the extension headers are cut off has the packet dropped, whatever protocol was asked for.
      return {layout_.protocol, false, !layout_.protocol};
    case ir::Meta::kMark: return {packet_.mark};
    case ir::Meta::kPriority: return {packet_.priority, !packet_.priority};
    case ir::Meta::kLength: return {packet_.bytes.size()};
    case ir::Meta::kPacketType: return {packet_.packet_type, !packet_.packet_type};
    case ir::Meta::kInDeviceType: break;
  }
  if (packet_.in_interface.empty()) return {};
  return {packet_.in_device_type, !packet_.in_device_type};
}

Reading::Held Reading::look_at(ir::Conntrack key) const {
  if (key == ir::Conntrack::kState) return {static_cast<uint32_t>(packet_.state)};
  if (!packet_.connected()) return {};
  const auto known = packet_.connection.find(key);
  if (known == packet_.connection.end()) return {std::nullopt, true};
  return {known->second};
}

Reading::Held Reading::look_at(const ir::Location& where) const {
  switch (where.base) {
    case ir::Base::kNone: break;
    case ir::Base::kNetwork: return {bits(where.offset, where.width)};
    case ir::Base::kTransport:
      if (!layout_.protocol || layout_.fragment_offset != 0) return {};
      return {bits(layout_.transport_offset * size_t{8} + where.offset, where.width)};
    case ir::Base::kLink:
      if (!packet_.link) return {std::nullopt, true};
      return {read_bits(*packet_.link, where.offset, where.width)};
    case ir::Base::kMeta: return look_at(static_cast<ir::Meta>(where.offset));
    case ir::Base::kConntrack: return look_at(static_cast<ir::Conntrack>(where.offset));
    case ir::Base::kRoute: {
      const auto known = packet_.routes.find(static_cast<ir::Route>(where.offset));
      if (known == packet_.routes.end()) return {std::nullopt, true};
      return {known->second};
    }
  }
  return {};
}

Answer Reading::ask_one(const ir::Constraint& constraint) const {
  const Held held = look_at(constraint.field->location(layout_.family));
  if (held.drops) return Answer::kDropped;
  if (held.unknown) return Answer::kAsk;
  return answer(held.value && constraint.values.contains(*held.value & constraint.mask));
}

Answer Reading::ask_any(const ir::AnyOf& any) const {
  bool unsure = false;
  for (const ir::Constraint& each : any.alternatives) {
    const Answer one = ask_one(each);
    if (one == Answer::kYes || one == Answer::kDropped) return one;
    unsure |= one == Answer::kAsk;
  }
  return unsure ? Answer::kAsk : Answer::kNo;
}

Answer Reading::ask_header(const ir::Header& header) const {
  const bool tcp = header.form == ir::Header::Form::kTcp;
  if (layout_.fragment_offset != 0) {
    // tcp_mt() compares with 1 what the kernel counts in units of 8 bytes for IPv4 but in bytes for
    // IPv6, where it can't be 1.
    const bool overwrites_flags =
        tcp && layout_.family == net::Family::kIpv4 && layout_.fragment_offset == 1;
    return overwrites_flags ? Answer::kDropped : Answer::kNo;
  }
  if (!has_transport(kHeaderSizes[static_cast<size_t>(header.form)])) return Answer::kDropped;
  return header.tcp_option == 0 ? Answer::kYes : ask_tcp_option(header);
}

// tcp_mt() and tcp_find_option() of net/netfilter/xt_tcpudp.c.
Answer Reading::ask_tcp_option(const ir::Header& header) const {
  constexpr size_t kFixed = 20;
  const size_t length = (packet_.bytes[layout_.transport_offset + 12] >> 4) * size_t{4};
  if (length < kFixed || !has_transport(length)) return Answer::kDropped;
  const auto options =
      std::span(packet_.bytes).subspan(layout_.transport_offset + kFixed, length - kFixed);
  for (size_t i = 0; i < options.size();) {
    if (options[i] == header.tcp_option) return answer(!header.tcp_option_negated);
    const bool single = options[i] < 2 || i + 1 == options.size();  // kinds 0 and 1 have no length
    i += single ? 1 : std::max<size_t>(options[i + 1], 1);
  }
  return answer(header.tcp_option_negated);
}

Answer Reading::ask(const ir::Condition& condition) const {
  struct Visitor {
    const Reading& reading;
    Answer operator()(const ir::Constraint& it) const { return reading.ask_one(it); }
    Answer operator()(const ir::AnyOf& it) const { return reading.ask_any(it); }
    Answer operator()(const ir::Header& it) const { return reading.ask_header(it); }
    Answer operator()(const ir::Limit&) const { return Answer::kAsk; }
    Answer operator()(const ir::Opaque&) const { return Answer::kAsk; }
  };
  return std::visit(Visitor{*this}, condition);
}

}  // namespace bulkhead::backend::sim
