// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "set/outcome.h"
#include "set/space.h"

namespace bulkhead::set {

// What becomes of packets, as a person would say it: "accepted", "rejected (tcp-reset)",
// "accepted, mark 0x1", "dropped or accepted".
std::string words(const Space& space, const Outcomes& outcomes, Node end);

}  // namespace bulkhead::set
