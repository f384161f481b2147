// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "backend/nft/program.h"

namespace bulkhead::backend::nft {

// 128 bits that tell two forms apart. Against accidents and other programs, not against an
// attacker: who can write to nf_tables can write a fingerprint too.
struct Fingerprint {
  uint64_t high = 0;
  uint64_t low = 0;

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

class Hasher {
 public:
  void add(uint64_t word);
  void add(std::string_view
               bytes);  // and its length, so that two in a row can't be split in another way
  void add(std::span<const uint8_t> bytes);
  void add(const Fingerprint& other);
  Fingerprint result() const;

 private:
  uint64_t a_ = 0x243f6a8885a308d3;  // the first digits of pi
  uint64_t b_ = 0x13198a2e03707344;
};

// Of everything that the kernel gives back of an expression or a rule but handles, counts and names
// of anonymous sets.
void add(Hasher& hasher, const Expr& expression);
Fingerprint fingerprint(const Rule& rule);
Fingerprint fingerprint(std::string_view bytes);

}  // namespace bulkhead::backend::nft

template <> struct std::hash<bulkhead::backend::nft::Fingerprint> {
  size_t operator()(const bulkhead::backend::nft::Fingerprint& value) const noexcept {
    return value.low;
  }
};
