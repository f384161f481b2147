// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Packets whose connection isn't found, because table raw has taken its first packet out of
// connection tracking, or has put the two directions into different zones.

#include <vector>

#include "pass/host_functions.h"
#include "policy/lower.h"

namespace bulkhead::app {

// Whether table raw has rules that can do that.
bool may_lose_connections(const ir::Ruleset& rules);

// What a model must be able to tell apart for lost_packets(): what the rules and the claims
// (`more`) ask of one side of a packet, of its other side.
std::vector<ir::Constraint> asked_of_answers(const ir::Ruleset& rules,
                                             const std::vector<ir::Constraint>& more);

struct LostPackets {
  set::Node answers = set::kNothing;         // those that may be lost
  set::Node surely_answers = set::kNothing;  // and those that are, whatever the unknowns are
  // Answers that may begin a connection of their own whose answers are the first connection: the
  // kernel drops them.
  set::Node clashing = set::kNothing;
  set::Node following = set::kNothing;
};

// By the steps of a claim of a connection. An answer has its first packet's addresses, ports and
// interfaces exchanged.
LostPackets lost_packets(set::Model& model, pass::HostFunctions& functions,
                         const policy::Step& first, const policy::Step& answer,
                         const policy::Step& following);

}  // namespace bulkhead::app
