// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The compiled form in a few numbers, the same whether they are taken of what we send or of what
// the kernel shows. Handles, counts, names of anonymous sets and the order in which chains were
// made are no part of it; the order of rules is.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/nft/fingerprint.h"
#include "backend/nft/program.h"

namespace bulkhead::backend::nft {

struct KernelTable;

// A chain as it was written, or an object, which has no rules: enough to say later which one was
// changed, and how.
struct ChainMark {
  std::string name;
  uint32_t rules = 0;
  uint64_t form = 0;  // of a chain's hook and its rules; of what an object is

  friend bool operator==(const ChainMark&, const ChainMark&) = default;
};

ChainMark mark(std::string_view name, const std::optional<BaseHook>& base,
               std::span<const Fingerprint> rules);

ChainMark mark(const Helper& helper);

// Sorted by name.
std::vector<ChainMark> marks(const KernelTable& table);

// Of sorted marks. flags: the table's.
Fingerprint digest(const std::vector<ChainMark>& sorted, uint32_t flags);

// The first thing about the table that is not as it was written: "a rule of chain INPUT is missing:
// something else deleted it".
std::string difference(const KernelTable& table, const std::vector<ChainMark>& written);

}  // namespace bulkhead::backend::nft
