// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/sim/reading.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

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
constexpr size_t kHeaderSizes[] = {20, 8, 8, 8, 4};

}  // namespace

// Bits that begin `first` bits behind the start of the IP header; nothing if the packet ends before
// they do.
std::optional<U128> Reading::bits(size_t first, unsigned width) const {
  if (first + width > packet_.bytes.size() * 8) return std::nullopt;
  U128 value = 0;
  for (size_t i = first; i < first + width; ++i) {
    value = value << 1 | ((packet_.bytes[i / 8] >> (7 - i % 8)) & 1u);
  }
  return value;
}

bool Reading::has_transport(size_t size) const {
  return layout_.transport_offset + size <= packet_.bytes.size();
}

Answer Reading::ask_one(const ir::Constraint& constraint) const {
  const ir::Location& where = constraint.field->location(layout_.family);
  std::optional<U128> value;
  switch (where.base) {
    case ir::Base::kNone: break;
    case ir::Base::kNetwork: value = bits(where.offset, where.width); break;
    case ir::Base::kTransport:
      if (layout_.protocol && layout_.fragment_offset == 0) {
        value = bits(layout_.transport_offset * size_t{8} + where.offset, where.width);
      }
      break;
    case ir::Base::kMeta:
      switch (static_cast<ir::Meta>(where.offset)) {
        case ir::Meta::kInInterface: value = interface_value(packet_.in_interface); break;
        case ir::Meta::kOutInterface: value = interface_value(packet_.out_interface); break;
        case ir::Meta::kProtocol:
          // ip6_packet_match() of net/ipv6/netfilter/ip6_tables.c: whoever asks for the protocol
          // where the extension headers are cut off has the packet dropped, whatever protocol was
          // asked for.
          if (!layout_.protocol) return Answer::kDropped;
          value = *layout_.protocol;
          break;
        case ir::Meta::kMark: value = packet_.mark; break;
        case ir::Meta::kLength: value = packet_.bytes.size(); break;
        case ir::Meta::kPacketType: return Answer::kAsk;
      }
      break;
    case ir::Base::kConntrack:
      if (static_cast<ir::Conntrack>(where.offset) != ir::Conntrack::kState) return Answer::kAsk;
      value = static_cast<uint32_t>(packet_.state);
      break;
  }
  return answer(value && constraint.values.contains(*value & constraint.mask));
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
