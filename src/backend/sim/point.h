// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/sim/simulator.h"
#include "set/witness.h"

namespace bulkhead::backend::sim {

// The packet that a point of a space stands for, as it comes to a hook: its bytes, cut off where
// the point says so, and what the kernel knows beside them. Checksums behind the IP header are only
// right where nothing was cut off and no rule asks for bits that net::PacketFields doesn't know.
Packet packet_at(const set::Space& space, const set::Point& point, ir::Hook hook);

// Answers as the point has them. The space and the point must outlive it.
Oracle answers_at(const set::Space& space, const set::Point& point);

}  // namespace bulkhead::backend::sim
