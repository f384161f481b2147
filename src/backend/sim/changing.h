// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/sim/simulator.h"
#include "ir/action.h"

namespace bulkhead::backend::sim {

// What an action makes of the packet. Checksums are kept right where the kernel does so. Those
// without an effect on a Packet leave it as it is. False: it drops the packet, whose TCP header
// isn't all there.
bool change(Packet& packet, const ir::Action& action);

}  // namespace bulkhead::backend::sim
