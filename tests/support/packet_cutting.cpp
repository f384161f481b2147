// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "support/exec.h"
#include "support/packet_builder.h"

namespace bulkhead::testing {
namespace {

constexpr size_t kIp6Header = 40;

void set16(Bytes& out, size_t at, size_t value) {
  out[at] = static_cast<uint8_t>(value >> 8);
  out[at + 1] = static_cast<uint8_t>(value);
}

size_t header_size(const Bytes& packet) {
  if (packet.empty()) throw SupportError("an empty packet");
  const size_t size = packet[0] >> 4 == 6 ? kIp6Header : (packet[0] & 15u) * 4u;
  if (size < 20 || packet.size() < size) throw SupportError("no whole IP header");
  return size;
}

// Makes the outer length (and IPv4's checksum) agree with the bytes.
void fix_length(Bytes& packet) {
  const size_t header = header_size(packet);
  if (packet[0] >> 4 == 6) {
    set16(packet, 4, packet.size() - kIp6Header);
    return;
  }
  set16(packet, 2, packet.size());
  set16(packet, 10, 0);
  set16(packet, 10,
        internet_checksum(Bytes(packet.begin(), packet.begin() + static_cast<long>(header))));
}

Bytes fragment_header6(uint8_t next, size_t offset, bool more) {
  const uint16_t id = next_packet_id();
  Bytes header = {next, 0, 0, 0, 0, 0, static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)};
  set16(header, 2, offset | more);
  return header;
}

}  // namespace

Bytes truncate(Bytes packet, size_t size) {
  packet.resize(std::min(packet.size(), size));
  fix_length(packet);
  return packet;
}

std::vector<Bytes> fragment(const Bytes& packet, size_t size) {
  if (size == 0 || size % 8 != 0) throw SupportError("fragments carry a multiple of 8 bytes");
  const size_t header = header_size(packet);
  const bool ip6 = packet[0] >> 4 == 6;
  const Bytes identity = ip6 ? fragment_header6(packet[6], 0, false) : Bytes();
  std::vector<Bytes> result;
  for (size_t at = header; at < packet.size(); at += size) {
    const size_t end = std::min(at + size, packet.size());
    const bool more = end < packet.size();
    Bytes piece(packet.begin(), packet.begin() + static_cast<long>(header));
    if (ip6) {
      piece[6] = 44;
      Bytes extension = identity;
      set16(extension, 2, (at - header) | more);
      piece.insert(piece.end(), extension.begin(), extension.end());
    } else {
      set16(piece, 6, (more ? 0x2000u : 0u) | (at - header) / 8);
    }
    piece.insert(piece.end(), packet.begin() + static_cast<long>(at),
                 packet.begin() + static_cast<long>(end));
    fix_length(piece);
    result.push_back(std::move(piece));
  }
  return result;
}

}  // namespace bulkhead::testing
