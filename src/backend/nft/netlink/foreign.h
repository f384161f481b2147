// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "backend/backend.h"
#include "backend/nft/netlink/socket.h"
#include "core/result.h"

namespace bulkhead::backend::nft::netlink {

// All base chains of all families but those in our tables and in those of traces.
Result<std::vector<ForeignChain>> foreign_chains(Socket& socket);

}  // namespace bulkhead::backend::nft::netlink
