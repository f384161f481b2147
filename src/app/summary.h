// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>

#include "app/store.h"
#include "ir/ruleset.h"

namespace bulkhead::app {

size_t rule_count(const ir::Ruleset& rules);

// "IPv4" or "IPv6".
std::string_view family_name(net::Family family);

// "IPv4 4 rules and 2 policies DROP, IPv6 nothing": for the one line that a command says when it is
// done.
std::string summary(const ir::Ruleset& rules);
std::string summary(const ir::Ruleset& v4, const ir::Ruleset& v6);
std::string summary(const View& view);

}  // namespace bulkhead::app
