// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/sim/changing.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "backend/sim/bits.h"
#include "core/byte_order.h"
#include "net/packet.h"
#include "net/packet_build.h"

namespace bulkhead::backend::sim {

namespace {

constexpr size_t kIpv4Checksum = 10;
constexpr size_t kTcpChecksum = 16;
constexpr size_t kTcpHeader = 20;  // without options

net::Family family_of(const Packet& packet) {
  return packet.bytes[0] >> 4 == 4 ? net::Family::kIpv4 : net::Family::kIpv6;
}

uint16_t word_at(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(load_be(bytes.subspan(at, 2)));
}

// RFC 1624: the checksum at that place after a 16-bit word of what it covers has changed.
void update_checksum(std::span<uint8_t> bytes, size_t at, uint16_t before, uint16_t after) {
  if (at + 2 > bytes.size()) return;
  uint32_t sum =
      static_cast<uint16_t>(~word_at(bytes, at)) + static_cast<uint16_t>(~before) + uint32_t{after};
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  store_be(static_cast<uint16_t>(~sum), bytes.subspan(at, 2));
}

// Rewrites (old & keep) ^ flip in the header at `header` (in bytes) and its checksum there.
void rewrite_bits(Packet& packet, size_t header, size_t bit, unsigned width,
                  std::optional<size_t> checksum, const auto& changed) {
  const std::span<uint8_t> bytes(packet.bytes);
  const size_t first = header * 8 + bit;
  const std::optional<U128> old = read_bits(bytes, first, width);
  if (!old) return;
  // Words are counted from the header's beginning.
  const size_t begin = header + bit / 16 * 2;
  const size_t end = header + (bit + width + 15) / 16 * 2;
  std::vector<uint8_t> before(bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.end());
  before.resize(end - begin);
  write_bits(bytes, first, width, changed(*old) & low_bits(width));
  for (size_t at = begin; checksum && at + 2 <= bytes.size() && at < end; at += 2)
    update_checksum(bytes, header + *checksum, word_at(before, at - begin), word_at(bytes, at));
}

// Gives the field's new value by its old one.
void rewrite(Packet& packet, const ir::Field& field, const auto& changed) {
  const net::Family family = family_of(packet);
  const ir::Location& where = field.location(family);
  switch (where.base) {
    case ir::Base::kNetwork:
      rewrite_bits(packet, 0, where.offset, where.width,
                   family == net::Family::kIpv4 ? std::optional(kIpv4Checksum) : std::nullopt,
                   changed);
      break;
    case ir::Base::kTransport: {
      const auto layout = net::parse_layout(packet.bytes);
      if (!layout || !layout->protocol || layout->fragment_offset != 0) break;
      rewrite_bits(packet, layout->transport_offset, where.offset, where.width, kTcpChecksum,
                   changed);
      break;
    }
    case ir::Base::kMeta:
      if (static_cast<ir::Meta>(where.offset) == ir::Meta::kMark)
        packet.mark = static_cast<uint32_t>(changed(packet.mark));
      if (static_cast<ir::Meta>(where.offset) == ir::Meta::kPriority)
        packet.priority = static_cast<uint32_t>(changed(packet.priority.value_or(0)));
      break;
    default: break;
  }
}

// An address or a port in its place, and every checksum that covers it.
void replace(Packet& packet, size_t at, unsigned bytes, U128 value, bool in_ip_header) {
  const auto layout = net::parse_layout(packet.bytes);
  const std::span<uint8_t> all(packet.bytes);
  if (!layout || at + bytes > all.size()) return;
  std::optional<size_t> transport;  // of the checksum there
  if (layout->protocol && layout->fragment_offset == 0) {
    if (layout->protocol == net::kTcp) transport = layout->transport_offset + kTcpChecksum;
    constexpr size_t kUdpChecksum = 6;
    if (layout->protocol == net::kUdp) transport = layout->transport_offset + kUdpChecksum;
  }
  for (unsigned i = 0; i < bytes; i += 2) {
    const uint16_t before = word_at(all, at + i);
    const auto after = static_cast<uint16_t>(value >> (bytes - 2 - i) * 8);
    store_be(after, all.subspan(at + i, 2));
    if (in_ip_header && layout->family == net::Family::kIpv4)
      update_checksum(all, kIpv4Checksum, before, after);
    if (transport) update_checksum(all, *transport, before, after);
  }
}

// What there is only one of to choose.
void translate(Packet& packet, const ir::Nat& nat) {
  using Kind = ir::Nat::Kind;
  const bool netmap = nat.kind == Kind::kNetmap;
  const bool behind_routing =
      packet.hook == ir::Hook::kInput || packet.hook == ir::Hook::kPostrouting;
  const bool source =
      nat.kind == Kind::kSnat || nat.kind == Kind::kMasquerade || (netmap && behind_routing);
  const net::Family family = family_of(packet);
  const unsigned bytes = net::address_bits(family) / 8;
  if (nat.addresses && (netmap || nat.addresses->first == nat.addresses->last)) {
    const ir::Field& field = source ? ir::kSource : ir::kDestination;
    const size_t at = field.location(family).offset / 8u;
    // What differs between the two ends is the host's part.
    const auto& [first, last] = *nat.addresses;
    const U128 old = load_be(std::span(packet.bytes).subspan(at, bytes));
    replace(packet, at, bytes, first.value | (old & (first.value ^ last.value)), true);
  }
  const auto layout = net::parse_layout(packet.bytes);
  if (!nat.ports || nat.ports->first != nat.ports->last || !layout || !layout->protocol ||
      layout->fragment_offset != 0 || !net::has_ports(*layout->protocol)) {
    return;
  }
  replace(packet, layout->transport_offset + (source ? 0 : 2), 2, nat.ports->first, false);
}

// By fewer than 32 bits.
uint32_t shifted(uint32_t value, int by) { return by >= 0 ? value << by : value >> -by; }

// connmark_tg_shift() of net/netfilter/xt_connmark.c.
void change_marks(Packet& packet, const ir::ConnectionMark& mark) {
  if (!packet.connected()) return;
  U128& connection = packet.connection[ir::Conntrack::kMark];
  const auto old = static_cast<uint32_t>(connection);
  switch (mark.mode) {
    case ir::ConnectionMark::Mode::kSet:
      connection = shifted((old & ~mark.connection_mask) ^ mark.value, mark.shift);
      break;
    case ir::ConnectionMark::Mode::kSave:
      connection =
          (old & ~mark.connection_mask) ^ shifted(packet.mark & mark.packet_mask, mark.shift);
      break;
    case ir::ConnectionMark::Mode::kRestore:
      packet.mark =
          (packet.mark & ~mark.packet_mask) ^ shifted(old & mark.connection_mask, mark.shift);
      break;
  }
}

enum class TcpHeader : uint8_t { kWhole, kCutOff, kLaterFragment };

TcpHeader tcp_header(const Packet& packet, const net::Layout& layout) {
  if (layout.fragment_offset != 0) return TcpHeader::kLaterFragment;
  const size_t end = layout.transport_offset + size_t{kTcpHeader};
  return end <= packet.bytes.size() ? TcpHeader::kWhole : TcpHeader::kCutOff;
}

// tcpoptstrip_mangle_packet() of net/netfilter/xt_TCPOPTSTRIP.c. False: dropped.
bool strip(Packet& packet, const ir::StripTcpOptions& action) {
  const auto layout = net::parse_layout(packet.bytes);
  const TcpHeader header = tcp_header(packet, *layout);
  if (header != TcpHeader::kWhole) return header == TcpHeader::kLaterFragment;
  constexpr size_t kNop = 1;
  const std::span<uint8_t> tcp = std::span(packet.bytes).subspan(layout->transport_offset);
  const size_t length = (tcp[12] >> 4) * size_t{4};
  if (length < kTcpHeader || length > tcp.size()) return false;
  for (size_t i = kTcpHeader, size = 0; i + 1 < length; i += size) {
    size = tcp[i] <= kNop || tcp[i + 1] == 0 ? 1 : tcp[i + 1];
    if (i + size > length) break;
    if (std::ranges::find(action.kinds, tcp[i]) == action.kinds.end()) continue;
    for (size_t at = i; at < i + size; ++at) {
      const uint16_t before = word_at(tcp, at / 2 * 2);
      tcp[at] = kNop;
      update_checksum(tcp, kTcpChecksum, before, word_at(tcp, at / 2 * 2));
    }
  }
  return true;
}

// False: dropped.
bool assign_field(Packet& packet, const ir::Assign& assign) {
  if (assign.field->location(family_of(packet)).base == ir::Base::kTransport) {
    const auto layout = net::parse_layout(packet.bytes);
    if (tcp_header(packet, *layout) == TcpHeader::kCutOff) return false;
  }
  rewrite(packet, *assign.field, [&](U128 old) { return (old & assign.keep) ^ assign.flip; });
  return true;
}

}  // namespace

bool change(Packet& packet, const ir::Action& action) {
  if (const auto* assign = std::get_if<ir::Assign>(&action)) return assign_field(packet, *assign);
  if (const auto* strip_options = std::get_if<ir::StripTcpOptions>(&action))
    return strip(packet, *strip_options);
  if (const auto* adjust = std::get_if<ir::Adjust>(&action)) {
    rewrite(packet, *adjust->field, [&](U128 old) {
      return static_cast<U128>(std::clamp(static_cast<int>(old) + adjust->by, 0, int{UINT8_MAX}));
    });
  } else if (const auto* mark = std::get_if<ir::ConnectionMark>(&action)) {
    change_marks(packet, *mark);
  } else if (const auto* nat = std::get_if<ir::Nat>(&action)) {
    translate(packet, *nat);
  } else if (ir::says_where_tracked(action)) {
    const bool untracked = std::holds_alternative<ir::Untrack>(action);
    if (packet.state == ir::CtState::kInvalid)
      packet.state = untracked ? ir::CtState::kUntracked : ir::CtState::kNew;
  } else if (const auto* proxy = std::get_if<ir::TransparentProxy>(&action)) {
    packet.mark = (packet.mark & proxy->mark_keep) ^ proxy->mark_flip;
  }
  return true;
}

}  // namespace bulkhead::backend::sim
