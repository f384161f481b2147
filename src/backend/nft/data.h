// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/byte_order.h"
#include "core/u128.h"

namespace bulkhead::backend::nft {

// What stands in registers or is compared with them: bytes as the kernel has them, first byte
// first. A 16-byte register is the most that one field or one key of ours takes.
struct Data {
  static constexpr size_t kCapacity = 16;

  uint8_t size = 0;
  std::array<uint8_t, kCapacity> bytes{};  // zero beyond `size`

  std::span<const uint8_t> view() const { return {bytes.data(), size}; }

  // Adds the lowest `width` bytes of a number, the most significant one first.
  void append(U128 value, unsigned width) {
    assert(size + width <= kCapacity);
    store_be(value, std::span(bytes).subspan(size, width));
    size = static_cast<uint8_t>(size + width);
  }
  // Adds zeros up to the next 32-bit register.
  void pad() { size = static_cast<uint8_t>((size + 3) / 4 * 4); }

  friend bool operator==(const Data&, const Data&) = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 finds a null pointer in it
  friend auto operator<=>(const Data&, const Data&) = default;
};

enum class ByteOrder : uint8_t { kNetwork, kHost };

// The lowest `width` bytes of a number in that order. The host's is what the kernel loads an
// integer of its own in.
inline Data make_data(U128 value, unsigned width, ByteOrder order = ByteOrder::kNetwork) {
  Data data;
  data.append(value, width);
  if (order == ByteOrder::kHost && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
    for (size_t i = 0; i < width / 2; ++i) std::swap(data.bytes[i], data.bytes[width - 1 - i]);
  }
  return data;
}

}  // namespace bulkhead::backend::nft
