// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstdint>

#include "backend/nft/inspect.h"
#include "backend/nft/kernel_table.h"
#include "backend/nft/netlink/socket.h"
#include "core/result.h"
#include "net/family.h"

namespace bulkhead::backend::nft::netlink {

struct Seen {
  KernelTable table;
  Inspection inspection;
};

// Both families' tables as they were at one generation.
struct Look {
  uint32_t generation = 0;
  std::array<Seen, 2> families;  // in the order of net::kFamilies

  Seen& of(net::Family family) { return families[family == net::Family::kIpv4 ? 0 : 1]; }
  const Seen& of(net::Family family) const {
    return families[family == net::Family::kIpv4 ? 0 : 1];
  }
};

// Looks until nothing of ours changes meanwhile. Other programs may change nf_tables all the time,
// and each change moves the generation: a look that was disturbed counts if all that was read is
// sound and its trailers are still there when the generation has been read. kBusy if that never
// comes.
Result<Look> look(Socket& socket);

// Whether the same tables, chains and rules stood there: everything but the counts.
bool same(const KernelTable& a, const KernelTable& b);

}  // namespace bulkhead::backend::nft::netlink
