// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// One message of a transaction, free of netlink. The kernel carries them out in order.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "backend/nft/program.h"
#include "backend/nft/stored.h"

namespace bulkhead::backend::nft {

struct AddTable {};
struct DeleteTable {};  // with all that is in it
struct AddHelper {
  Helper helper;
};
// One that no rule names any more.
struct DeleteHelper {
  std::string name;
};
struct AddChain {
  std::string name;
  std::optional<BaseHook> base;
};
// One that no rule jumps to any more.
struct DeleteChain {
  std::string name;
};
struct AddRule {
  std::string chain;
  Rule rule;
  std::optional<uint64_t> before;  // handle; at the end of the chain without one
};
struct DeleteRule {
  std::string chain;
  uint64_t handle = 0;
};
// All rules of the chain at once: one by one the kernel looks each of them up from the chain's
// beginning.
struct FlushChain {
  std::string chain;
};
struct AddSourceSet {};
struct AddPieces {
  std::vector<Piece> pieces;
};
struct DeletePieces {
  std::vector<uint32_t> numbers;
};

using Change = std::variant<AddTable, DeleteTable, AddHelper, DeleteHelper, AddChain, DeleteChain,
                            AddRule, DeleteRule, FlushChain, AddSourceSet, AddPieces, DeletePieces>;

}  // namespace bulkhead::backend::nft
