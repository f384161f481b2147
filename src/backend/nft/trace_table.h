// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The table that a trace puts beside ours, one a family: chains that mark packets, and empty ones
// behind everything else that tell that a packet has come through.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/nft/program.h"
#include "backend/trace.h"
#include "core/result.h"

namespace bulkhead::backend::nft {

// Of the netlink socket's port, which no other trace in the namespace has.
std::string trace_table_name(uint32_t port);
bool is_trace_table(std::string_view name);

struct TraceTable {
  net::Family family = net::Family::kIpv4;
  std::vector<Chain> starts;  // each rule marks what satisfies it
  std::vector<Chain> ends;    // without rules
};

// kRefused for a condition that a trace can't ask: it only looks, so nothing that may itself drop a
// packet (a match of the kernel's that calls for hotdrop) or that another rule remembers by.
Result<TraceTable> trace_table(const TraceStart& start);

}  // namespace bulkhead::backend::nft
