// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The rules with only what a service matrix knows of a packet: addresses, protocol, ports and the
// connection's state.

#include "pass/interface_addresses.h"

namespace bulkhead::pass {

// `-i` becomes the sources that come in there; every other condition (-o, flags, MAC addresses,
// limits ...) one of which nobody knows whether it holds, each time anew. So the chain here may
// accept whatever the real one accepts; two conditions on the same unknown field may both hold
// here, though they exclude each other. For `chain` and those that it leads to; needs a verified
// table of that family.
ir::Ruleset abstracted(const ir::Table& table, const ir::Chain& chain, const Interfaces& interfaces,
                       net::Family family);

}  // namespace bulkhead::pass
