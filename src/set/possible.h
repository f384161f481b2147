// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "ir/condition.h"
#include "set/arena.h"

// What no packet can be, in the dimensions of a space.

namespace bulkhead::set {

class Model;

// What must be told apart in a space that asks for lengths, so that impossible() is exact.
std::vector<ir::Constraint> asked_with_lengths(net::Family family);

// Packets that are shorter than the headers that they hold whole, or too long for the header that
// is cut off; IPv6 packets whose protocol is an extension header that the kernel steps over.
Node impossible(Model& model);

}  // namespace bulkhead::set
