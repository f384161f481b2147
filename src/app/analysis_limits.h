// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "pass/analysis.h"

namespace CLI {
class App;
}

namespace bulkhead::app {

// --time SECONDS and --memory MIB of every command that analyses rules.
void add_limits(CLI::App& command, pass::AnalysisLimits& limits);

}  // namespace bulkhead::app
