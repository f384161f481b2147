// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "core/result.h"
#include "core/source.h"
#include "net/family.h"
#include "pass/interface_addresses.h"

namespace bulkhead::app {

// Which addresses live behind which interface, as a file says it:
//
//   # comments
//   eth0 = [192.0.2.0/24, 198.51.100.1-198.51.100.9, 203.0.113.7]
//   eth1 = all_but_those_ips [
//     192.0.2.0/24
//   ]
//   tun0 = []
//
// In any order; an interface stands there once. Addresses must be of the family. Errors are of kind
// kUsage, with a span.
Result<pass::Interfaces> parse_interfaces(const Source& source, net::Family family);

}  // namespace bulkhead::app
