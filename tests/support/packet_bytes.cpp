// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/packet_bytes.h"

#include <arpa/inet.h>

#include <atomic>
#include <string_view>

#include "support/exec.h"

namespace bulkhead::testing {

uint32_t crc32c(const Bytes& bytes) {
  uint32_t crc = ~0u;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return __builtin_bswap32(~crc);
}

unsigned tcp_flag_bits(const std::string& flags) {
  static constexpr std::string_view kLetters = "FSRPAUEC";
  unsigned bits = 0;
  for (const char letter : flags) {
    const size_t bit = kLetters.find(letter);
    if (bit == std::string_view::npos) throw SupportError("unknown TCP flag in " + flags);
    bits |= 1u << bit;
  }
  return bits;
}

uint16_t next_packet_id() {
  static std::atomic<uint32_t> last{0};
  return static_cast<uint16_t>(last++ % 65535 + 1);
}

Bytes stamped(Bytes packet) {
  const uint16_t id = next_packet_id();
  if (packet.at(0) >> 4 == 6) {
    set16(packet, 2, id);
    return packet;
  }
  const auto header = static_cast<std::ptrdiff_t>((packet[0] & 15) * 4);
  set16(packet, 4, id);
  set16(packet, 10, 0);
  set16(packet, 10, internet_checksum(Bytes(packet.begin(), packet.begin() + header)));
  return packet;
}

Bytes address_bytes(const std::string& text) {
  Bytes bytes(16);
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(4);
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return bytes;
  throw SupportError("no address: " + text);
}

uint16_t internet_checksum(const Bytes& bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) sum += i % 2 ? bytes[i] : uint32_t{bytes[i]} << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

}  // namespace bulkhead::testing
