// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "core/result.h"
#include "ir/ruleset.h"

namespace bulkhead::lang {

// Whether a ruleset may be enforced: ir::verify(), and each target stands in a table that it works
// in, and targets and matches are reached only from hooks that they work at (their rows say which).
// What iptables learns from the kernel's EINVAL or ELOOP is kRefused with that errno_value, with
// the rule's span where it has one.
Result<void> check(const ir::Ruleset& rules);

}  // namespace bulkhead::lang
