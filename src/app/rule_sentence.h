// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "backend/sim/simulator.h"
#include "ir/ruleset.h"

namespace bulkhead::app {

// What a rule asks for: "its source is 192.0.2.1, its protocol is tcp, its destination port is 22
// (ssh)"; "everything" if nothing.
std::string condition_sentence(const ir::Rule& rule, net::Family family);

// What it does with a packet that matches: "it is accepted", "on to chain ssh".
std::string effect_sentence(const ir::Rule& rule, net::Family family);

// Why it doesn't match this packet: the first thing it asks for that isn't so.
std::string mismatch_sentence(const ir::Rule& rule, const backend::sim::Packet& packet,
                              net::Family family);

}  // namespace bulkhead::app
