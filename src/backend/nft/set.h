// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "backend/nft/data.h"

namespace bulkhead::backend::nft {

// What nft(8) calls the key; the kernel only stores it. Numbers of nft's `enum datatypes`; a
// concatenation has six bits for each part.
using KeyType = uint32_t;
inline constexpr KeyType kIntegerKey = 4;
inline constexpr KeyType kIpv4AddressKey = 7;
inline constexpr KeyType kIpv6AddressKey = 8;
inline constexpr KeyType kProtocolKey = 12;
inline constexpr KeyType kPortKey = 13;
inline constexpr KeyType kMarkKey = 19;
inline constexpr KeyType kDeviceTypeKey = 21;
inline constexpr KeyType kConnectionStateKey = 26;
inline constexpr KeyType kConnectionDirectionKey = 27;
inline constexpr KeyType kConnectionStatusKey = 28;
inline constexpr KeyType kPacketTypeKey = 31;
inline constexpr KeyType kAddressTypeKey = 38;
inline constexpr KeyType kBooleanKey = 39;
inline constexpr KeyType kInterfaceKey = 41;
inline constexpr unsigned kKeyTypeBits = 6;

struct SetElement {
  Data first;
  Data last;   // included; a hash set has the same in both
  Data value;  // of a map; else empty

  friend bool operator==(const SetElement&, const SetElement&) = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 finds a null pointer in it
  friend auto operator<=>(const SetElement&, const SetElement&) = default;
};

enum class SetKind : uint8_t {
  kHash,       // single values
  kIntervals,  // intervals of one field
  kBoxes,      // an interval in each of several fields, side by side in the key
};

// The contents of an anonymous, constant set. Elements are sorted and don't overlap.
struct Set {
  SetKind kind = SetKind::kHash;
  KeyType key_type = kIntegerKey;
  uint32_t key_size = 0;             // in bytes; of boxes, with each field padded to 4
  std::vector<uint8_t> field_sizes;  // of boxes, in bytes, without the padding
  // Of a map: what nft(8) calls its values, and their size in bytes; 0: it is a set.
  KeyType value_type = 0;
  uint32_t value_size = 0;
  std::vector<SetElement> elements;
  ByteOrder order = ByteOrder::kNetwork;  // of the key, for nft(8); no part of the form
  bool foreign = false;                   // read from the kernel, and not of a shape that we make

  friend bool operator==(const Set&, const Set&) = default;
};

}  // namespace bulkhead::backend::nft
