// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "net/packet_text.h"
#include "set/witness.h"

namespace bulkhead::app {

// The packet that a point of a space stands for, in the words of `bulkhead explain`. What those
// have no word for (a cut-off header, an answer of the kernel's own matches) isn't in it.
net::PacketText packet_of(const set::Space& space, const set::Point& point);

}  // namespace bulkhead::app
