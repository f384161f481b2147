// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Whether a chain keeps out packets whose source isn't behind the interface that they come in by.

#include <vector>

#include "pass/chain_functions.h"
#include "pass/interface_addresses.h"

namespace bulkhead::pass {

// For each interface whether the built-in chain surely accepts no new connection from it but those
// from behind it: true only if that holds whichever way the unknowns fall. Needs asked_of() in the
// model; look at its exhausted() before you believe it.
std::vector<bool> spoofing_protection(set::Model& model, ChainFunctions& functions,
                                      const ir::Chain& chain, const Interfaces& interfaces);

}  // namespace bulkhead::pass
