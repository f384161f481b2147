// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ir/ruleset.h"
#include "support/packet_builder.h"

namespace bulkhead::testing {

// Of opaque_truth(): the matches that look only at the packet's bytes.
std::optional<bool> truth_of_bytes(const Bytes& packet, std::string_view match,
                                   std::span<const ir::Argument> arguments);

}  // namespace bulkhead::testing
