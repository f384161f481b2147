// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "net/packet_build.h"

namespace bulkhead::net {

// The other way from build_packet, as far as the bytes go: `network` from the IP header on (the
// extension headers of IPv6 may be cut off behind it), `transport` from the transport header on.
// What isn't there stays 0. Nothing without a whole fixed IP header.
std::optional<PacketFields> read_packet(std::span<const uint8_t> network,
                                        std::span<const uint8_t> transport);

}  // namespace bulkhead::net
