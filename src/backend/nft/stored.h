// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The source as the kernel keeps it: with the marks of the chains, compressed, in numbered pieces
// that fit the user data of a set's elements. The last piece is the trailer, which tells whether
// the others are all there and as they were.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/nft/digest.h"
#include "backend/nft/fingerprint.h"
#include "core/result.h"

namespace bulkhead::backend::nft {

struct Stored {
  std::string source;
  std::string transaction;       // at most kMaxTransactionSize bytes
  Fingerprint digest;            // of the chains and rules as that transaction left them
  unsigned epoch = 0;            // of the chains that are in force
  std::vector<ChainMark> marks;  // of all chains, sorted by name
};
inline constexpr size_t kMaxTransactionSize = 64;

struct Piece {
  uint32_t number = 0;  // from 0
  std::string value;    // at most kMaxUserValue bytes

  friend bool operator==(const Piece&, const Piece&) = default;
};

std::vector<Piece> split(const Stored& stored);

// Of pieces in any order. kDamaged, with what is wrong, if one is missing, there twice or not as it
// was.
Result<Stored> assemble(std::span<const Piece> pieces);

}  // namespace bulkhead::backend::nft
