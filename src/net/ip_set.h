// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "net/family.h"

namespace bulkhead::net {

// How long the name of an ipset may be, in bytes (IPSET_MAXNAMELEN less its final zero).
inline constexpr size_t kMaxIpSetName = 31;

// Asks the kernel for the number of an ipset of this network namespace; needs CAP_NET_ADMIN. The
// set's addresses must be of `family` or of none. The errors are iptables-legacy's: kUsage where
// there is no such set or it is of the other family, kSystem where the kernel can't be asked.
Result<uint16_t> ip_set_number(Family family, std::string_view name);

}  // namespace bulkhead::net
