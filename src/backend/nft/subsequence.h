// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "backend/nft/fingerprint.h"

namespace bulkhead::backend::nft {

// For each of `after` the index of the one in `before` that may stay in its place: a common
// subsequence, the longest where no form stands twice (with ids in the forms, that is nearly
// always). O(n log n).
std::vector<std::optional<size_t>> common_subsequence(std::span<const Fingerprint> before,
                                                      std::span<const Fingerprint> after);

}  // namespace bulkhead::backend::nft
