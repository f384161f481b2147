// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>

#include "backend/nft/kernel_table.h"
#include "backend/nft/stored.h"

namespace bulkhead::backend::nft {

// What a table that was found is worth.
struct Inspection {
  std::optional<Stored> stored;  // there if the table is there and sound
  std::string damage;            // why it can't be trusted; empty if it is sound or not there
};

Inspection inspect(const KernelTable& table);

}  // namespace bulkhead::backend::nft
