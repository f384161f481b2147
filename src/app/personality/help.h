// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "lang/command.h"
#include "net/family.h"

namespace bulkhead::app {

// What -h prints: the commands, the options, and the help of the matches and the target named
// before it.
std::string help_text(std::string_view program, net::Family family, const lang::Help& help);

}  // namespace bulkhead::app
