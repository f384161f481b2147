// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "support/packet_builder.h"
#include "support/random.h"

namespace bulkhead::testing {

// What follows the IP header of a packet of IPsec, or with IPv6's extension headers; and in words.
struct Extensions {
  Packet layers;
  std::string what;
};
Extensions draw_extensions(Random& random, bool ip6);

}  // namespace bulkhead::testing
