// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/u128.h"

namespace bulkhead::backend::sim {

// A number of `width` bits, the most significant one first. Nothing if the bytes end before it
// does.
inline std::optional<U128> read_bits(std::span<const uint8_t> bytes, size_t first, unsigned width) {
  if (first + width > bytes.size() * 8) return std::nullopt;
  U128 value = 0;
  for (size_t i = first; i < first + width; ++i)
    value = value << 1 | ((bytes[i / 8] >> (7 - i % 8)) & 1u);
  return value;
}

// Needs bytes that don't end before it.
inline void write_bits(std::span<uint8_t> bytes, size_t first, unsigned width, U128 value) {
  for (unsigned i = 0; i < width; ++i) {
    const size_t bit = first + width - 1 - i;
    const auto mask = static_cast<uint8_t>(1u << (7 - bit % 8));
    const bool set = (value >> i & 1) != 0;
    bytes[bit / 8] = static_cast<uint8_t>(set ? bytes[bit / 8] | mask : bytes[bit / 8] & ~mask);
  }
}

}  // namespace bulkhead::backend::sim
