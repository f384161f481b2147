// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "net/family.h"

namespace bulkhead::testing {

// ../shared/corpus beside the tree, or BULKHEAD_CORPUS; none where it isn't there.
std::optional<std::filesystem::path> corpus();

// A ClassBench filter set ("@src/len dst/len lo : hi lo : hi proto/mask flags/mask" a line) as a
// restore file: rule by rule into FORWARD, accepted or dropped by turns that a hash of the line
// decides. For IPv6 each address is put behind 2001:db8::/32, prefix and all.
std::string classbench_rules(const std::filesystem::path& file, net::Family family);

}  // namespace bulkhead::testing
