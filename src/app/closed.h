// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "app/config.h"
#include "ir/ruleset.h"
#include "net/family.h"

namespace bulkhead::app {

// The ruleset of a host that has lost its own, as iptables-restore text: closed, but still a host.
// It keeps its connections and its addresses, it can be pinged so that an administrator can tell
// closed from dead, and ssh is open for the management addresses, or for anybody where none are
// known.
std::string closed_rules(net::Family family, const Config& config);

// Whether the rules are these, whoever ssh is open for.
bool are_closed(const ir::Ruleset& rules);

}  // namespace bulkhead::app
