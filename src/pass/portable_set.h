// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// A set of packets in what both families have, taken from one model into another.

#include <cstdint>
#include <vector>

#include "set/model.h"

namespace bulkhead::pass {

// Asks for the protocol, the ports, the connection's state and the interfaces only. Refers to
// nothing of the model that it is from.
struct PortableSet {
  static constexpr uint32_t kNothing = 0;
  static constexpr uint32_t kEverything = 1;
  struct Branch {
    ir::Constraint where;
    uint32_t to = kNothing;  // or the number of a node, plus 2
  };
  std::vector<std::vector<Branch>> nodes;  // what a branch leads to stands before it
  uint32_t root = kNothing;
};

// For which of those fields' values some packet of the set is there.
set::Node in_shared_fields(set::Model& model, set::Node set);

// Needs a set that in_shared_fields() has given.
PortableSet exported(set::Model& model, set::Node set);

// What the other model must have been asked for, so that it can take the set in.
std::vector<ir::Constraint> constraints_of(const PortableSet& set);
// Of packets that have a port, those with a whole header.
set::Node imported(set::Model& model, const PortableSet& set);

// The values that this point has in those fields.
set::Node shared_class(set::Model& model, const std::vector<U128>& values);

}  // namespace bulkhead::pass
