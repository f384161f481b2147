// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>

#include "app/personality/personality.h"

namespace bulkhead::app {

// iptables and ip6tables: one command. arguments: argv without the program's name.
Outcome run_command(const Personality& self, std::span<char* const> arguments);

}  // namespace bulkhead::app
