// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/packet_builder.h"

namespace bulkhead::testing {

inline constexpr uint16_t kObserverGroup = 7701;

// One letter, so that a prefix is a place in the hooks.
enum Sight : char {
  kArrived = 'A',  // prerouting, before all others
  kSent = 'L',     // output, before all others
  kThroughInput = 'I',
  kThroughForward = 'F',
  kThroughOutput = 'O',
  kToLoopback = 'P',  // postrouting, out of lo
  kSentinel = 'S',
};

// nft(8)'s text for the observer's table.
std::string observer_ruleset(const std::vector<std::string>& untracked, bool conntrack,
                             bool deliver);

// nft(8)'s text that puts these on every packet from now on; both 0: on none any more.
std::string marking_ruleset(uint32_t mark, uint32_t connection_mark);

// What the observer swallows at its first hook, for kSentinel.
Bytes sentinel_packet();

}  // namespace bulkhead::testing
