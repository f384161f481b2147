// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <vector>

#include "kernel/differential/event.h"
#include "support/random.h"

namespace bulkhead::testing {

// Packets for the network of the differential tests, drawn at random: at least `count`, for what
// belongs together stays together.
std::vector<Event> draw_packets(Random& random, bool ip6, size_t count);

}  // namespace bulkhead::testing
