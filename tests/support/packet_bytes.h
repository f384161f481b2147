// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "support/packet_builder.h"

// What the headers are written with; network byte order.
namespace bulkhead::testing {

inline void put8(Bytes& out, unsigned value) { out.push_back(static_cast<uint8_t>(value)); }
inline void put16(Bytes& out, unsigned value) {
  put8(out, value >> 8);
  put8(out, value);
}
inline void put32(Bytes& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value);
}
inline void put(Bytes& out, const Bytes& bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void set16(Bytes& out, size_t at, unsigned value) {
  out[at] = static_cast<uint8_t>(value >> 8);
  out[at + 1] = static_cast<uint8_t>(value);
}
inline void pad(Bytes& out, size_t unit) { out.resize((out.size() + unit - 1) / unit * unit); }

// RFC 9260, appendix A: CRC32c over all, with the least significant byte first on the wire.
uint32_t crc32c(const Bytes& bytes);

// Letters as in Tcp::flags; a SupportError for others.
unsigned tcp_flag_bits(const std::string& flags);

}  // namespace bulkhead::testing
