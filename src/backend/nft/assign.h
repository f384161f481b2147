// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "backend/nft/expr.h"
#include "core/result.h"
#include "ir/action.h"
#include "net/family.h"

namespace bulkhead::backend::nft {

// Actions that write a field, as: load, change, write. Fields of the IP header, of the TCP header,
// and what the kernel keeps beside the packet. kRefused where nf_tables can't write the field.
Result<std::vector<Expr>> lower(const ir::Assign& assign, net::Family family);
// The field has 8 bits.
Result<std::vector<Expr>> lower(const ir::Adjust& adjust, net::Family family);
std::vector<Expr> lower(const ir::ConnectionMark& mark);
std::vector<Expr> lower(const ir::ConnectionSecurityMark& mark);

}  // namespace bulkhead::backend::nft
