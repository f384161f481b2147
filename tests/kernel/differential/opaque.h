// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "backend/sim/simulator.h"
#include "ir/ruleset.h"
#include "kernel/differential/event.h"

namespace bulkhead::testing {

// What the matches answer that only the kernel's own modules understand (ir::Opaque), from the
// words of the rule and what is known of the packet: written from net/netfilter/xt_*.c, without the
// bytes that the product sends. Nothing: this isn't modelled, and the simulator doesn't know.
std::optional<bool> opaque_truth(const Event& event, const backend::sim::Packet& packet,
                                 std::string_view match, std::span<const ir::Argument> arguments);

}  // namespace bulkhead::testing
