// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/spoofing.h"

#include "pass/service_matrix.h"

namespace bulkhead::pass {

std::vector<bool> spoofing_protection(set::Model& model, ChainFunctions& functions,
                                      const ir::Chain& chain, const Interfaces& interfaces) {
  set::Arena& arena = model.arena();
  const net::Family family = model.space().family();
  // Packets of a connection that is there already have shown their source before.
  const set::Node accepted =
      arena.intersect(may_be_accepted(model, functions, chain), model.of(is_new()));
  std::vector<bool> kept_out;
  for (const InterfaceAddresses& interface : interfaces) {
    const set::Node spoofed = arena.subtract(model.of(interface.comes_in(family)),
                                             model.of(interface.from_behind(family)));
    kept_out.push_back(arena.disjoint(accepted, spoofed));
  }
  return kept_out;
}

}  // namespace bulkhead::pass
