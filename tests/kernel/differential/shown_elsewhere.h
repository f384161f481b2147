// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace bulkhead::testing {

// Options (in the words of OptionCoverage: "owner ! --socket-exists") that the differential test
// doesn't ask often: they are no question to the packet, or tests of their own ask them.
bool shown_elsewhere(std::string_view option);

}  // namespace bulkhead::testing
