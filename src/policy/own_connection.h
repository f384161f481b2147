// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What a packet says of the connection that it begins: addresses, ports and protocol are its own.

#include <vector>

#include "ir/ruleset.h"
#include "set/model.h"

namespace bulkhead::policy {

// What rules ask of connections, of packets: with it not_its_own() is exact.
std::vector<ir::Constraint> asked_of_connections(const ir::Ruleset& rules);

// New packets as they come, before any translation, whose connection isn't as they are; no packet
// is so. What comes through lo may have been translated on its way out.
set::Node not_its_own(set::Model& model);

}  // namespace bulkhead::policy
