// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ir/ruleset.h"
#include "kernel/differential/event.h"

namespace bulkhead::testing {

// The part of opaque_truth for what looks at IPv6's extension headers: written from
// net/ipv6/netfilter/ip6t_*.c. Nothing: the match is another, or a header is cut off.
std::optional<bool> extension_truth(const Event& event, std::string_view match,
                                    std::span<const ir::Argument> arguments);

}  // namespace bulkhead::testing
