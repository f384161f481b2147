// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>

#include "ir/ruleset.h"

namespace bulkhead::ir {

// Every constraint of the rules' heads and matches, alternatives one by one.
void for_each_constraint(const Ruleset& rules, const std::function<void(const Constraint&)>& take);
void for_each_constraint(const Table& table, const std::function<void(const Constraint&)>& take);

// The protocols whose headers begin with ports (net::has_ports).
ValueSet protocols_with_ports();

}  // namespace bulkhead::ir
