// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netfilter/nf_tables.h>

#include <cstdint>
#include <optional>

#include "backend/nft/expr.h"
#include "backend/nft/netlink/attributes.h"
#include "backend/nft/netlink/writer.h"

namespace bulkhead::backend::nft::netlink {

// The kernel shows a register by its 16-byte name wherever it has one (nft_dump_register).
constexpr uint32_t to_kernel(Register reg) {
  return reg % 4 == 0 ? static_cast<uint32_t>(NFT_REG_1) + reg / 4u
                      : static_cast<uint32_t>(NFT_REG32_00) + reg;
}
constexpr std::optional<Register> from_kernel(uint32_t reg) {
  if (reg >= NFT_REG_1 && reg <= NFT_REG_4) return static_cast<Register>((reg - NFT_REG_1) * 4);
  if (reg >= NFT_REG32_00 && reg <= NFT_REG32_15) return static_cast<Register>(reg - NFT_REG32_00);
  return {};
}

constexpr uint32_t fib_result(uint32_t flags) {
  return (flags & Fib::kPresent) != 0 ? NFT_FIB_RESULT_OIF : NFT_FIB_RESULT_ADDRTYPE;
}

inline void put_value(Writer& out, uint16_t type, const Data& data) {
  out.nest(type, [&] { out.put(NFTA_DATA_VALUE, data.view()); });
}
// Nothing if it isn't plain bytes, or more than a register holds.
inline std::optional<Data> value_of(const Attributes& attributes, uint16_t type) {
  const auto bytes = attributes.nested(type).bytes(NFTA_DATA_VALUE);
  if (bytes.empty() || bytes.size() > Data::kCapacity) return {};
  Data data;
  data.size = static_cast<uint8_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), data.bytes.begin());
  return data;
}

}  // namespace bulkhead::backend::nft::netlink
