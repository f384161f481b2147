// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Sets of packets in few words.

#include <optional>
#include <string>
#include <vector>

#include "set/model.h"

namespace bulkhead::set {

// A product: packets whose dimensions each hold one of these atoms; the others are free.
struct Cube {
  struct Side {
    uint32_t dimension = 0;
    std::vector<bool> atoms;
  };
  std::vector<Side> sides;  // by dimension
};

struct Cover {
  std::vector<Cube> cubes;  // in the set, each as large as it can be
  Node rest = kNothing;     // of the set, in none of them
};

// At most `most` products that together are the set. Packets outside `care` may be in a product or
// not, whichever is shorter.
Cover cover(Model& model, Node set, Node care, size_t most);

Node node_of(Model& model, const Cube& cube);

// "tcp to port 22 from 10.0.0.0/8 except 10.0.0.1, new". `known`: of which protocols all packets
// are that are spoken of, where the product needn't say it.
std::string words(const Space& space, const Cube& cube,
                  const std::optional<ir::ValueSet>& known = {});
// "10.0.0.0/8 except 10.0.0.1", "192.0.2.1, 192.0.2.7-192.0.2.9", "any"
std::string address_words(net::Family family, const ir::ValueSet& addresses);

}  // namespace bulkhead::set
