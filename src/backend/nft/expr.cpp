// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/expr.h"

namespace bulkhead::backend::nft {

const Set* set_of(const Expr& expression) {
  if (const auto* lookup = std::get_if<Lookup>(&expression)) return &lookup->set;
  if (const auto* map = std::get_if<MapLookup>(&expression)) return &map->set;
  return nullptr;
}

}  // namespace bulkhead::backend::nft
