// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/inspect.h"

#include "backend/nft/digest.h"

namespace bulkhead::backend::nft {

Inspection inspect(const KernelTable& table) {
  if (!table.present) return {};
  if (!table.source_set)
    return {.damage = "the table has no source: it was not made by us, or was flushed"};
  auto stored = assemble(table.pieces);
  if (!stored) return {.damage = stored.error().message};
  if (digest(marks(table), table.flags) != stored->digest)
    return {.damage = difference(table, stored->marks)};
  return {.stored = std::move(*stored)};
}

}  // namespace bulkhead::backend::nft
