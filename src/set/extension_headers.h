// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "set/model.h"

namespace bulkhead::set {

// Packets of IPv6 without extension headers, and others as far as they answer like those: the
// kernel's own matches that ask for such headers (rt, frag, ipv6header, ...) say what they say of a
// packet that has none. Of IPv4: every packet.
Node without_extension_headers(Model& model);

}  // namespace bulkhead::set
