// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace bulkhead::app {

// The manual page bulkhead-extensions(8), in man(7) macros: every match and target that the rules
// may use, from their rows.
std::string extensions_manual();

int run_manual();

}  // namespace bulkhead::app
