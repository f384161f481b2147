// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/u128.h"

// Numbers as they stand on the wire: most significant byte first, at any alignment.
namespace bulkhead {

// The whole span as one number; at most 16 bytes.
constexpr U128 load_be(std::span<const uint8_t> bytes) {
  U128 value = 0;
  for (uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

constexpr uint16_t load_be16(const uint8_t* at) {
  return static_cast<uint16_t>(at[0] << 8 | at[1]);
}

// Fills the span with the lowest bytes of the number; at most 16 bytes.
constexpr void store_be(U128 value, std::span<uint8_t> bytes) {
  for (size_t i = bytes.size(); i-- > 0; value >>= 8) bytes[i] = static_cast<uint8_t>(value);
}

}  // namespace bulkhead
