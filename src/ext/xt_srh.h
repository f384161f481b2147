// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>

#include "ext/row.h"

namespace bulkhead::ext {

// The kernel's own match for the segment routing header, by the arguments of the row "srh".
// Refuses numbers that the kernel can't tell apart.
Result<ir::Predicate> lower_srh(std::span<const ir::Argument> arguments, const Context&);

}  // namespace bulkhead::ext
