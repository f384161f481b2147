// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>

#include "ext/row.h"

namespace bulkhead::ext {

// The kernel's own match, revision 3, with conntrack's arguments: for what nf_tables' `ct` can't
// say of them together.
ir::Opaque xt_conntrack(std::span<const ir::Argument> arguments, const Context&);

}  // namespace bulkhead::ext
