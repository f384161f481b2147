// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdlib>

namespace bulkhead::testing {

// ./dev test --long: more of everything that is drawn or repeated.
inline bool long_run() { return std::getenv("BULKHEAD_LONG") != nullptr; }

}  // namespace bulkhead::testing
