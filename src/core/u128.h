// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace bulkhead {

// Wide enough for every field of a packet: an IPv6 address, or an interface name as 16 bytes.
__extension__ using U128 = unsigned __int128;

inline constexpr U128 kU128Max = ~U128{0};

// The lowest `bits` bits set. bits: 0 to 128.
constexpr U128 low_bits(unsigned bits) { return bits >= 128 ? kU128Max : (U128{1} << bits) - 1; }

}  // namespace bulkhead
