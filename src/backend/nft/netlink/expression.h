// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Our expressions as netlink attributes, and back. By hand: libnftnl refuses a rule with an
// expression that it doesn't know, and another program may put one into our table.

#include <functional>
#include <optional>
#include <string_view>

#include "backend/nft/expr.h"
#include "backend/nft/netlink/attributes.h"
#include "backend/nft/netlink/writer.h"
#include "ir/ruleset.h"

namespace bulkhead::backend::nft::netlink {

// How the transaction names the anonymous set of a look-up: by a number of its own.
inline constexpr std::string_view kAnonymousSetName = "__set%d";

// NFTA_LIST_ELEM with the expression. set_id: of a Lookup's set, which has been added before in
// this batch.
void encode(Writer& out, const Expr& expression, uint32_t set_id);

// The anonymous set of that name, as it was read before; nullptr if there is none.
using FindSet = std::function<const Set*(std::string_view name)>;

// From NFTA_LIST_ELEM. What we wouldn't have made becomes an Unknown. Adds a counter's values to
// `counters`.
Expr decode(const nlattr* element, const FindSet& find_set, ir::Counters& counters);

}  // namespace bulkhead::backend::nft::netlink
