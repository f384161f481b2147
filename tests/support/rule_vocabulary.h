// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/packet_builder.h"
#include "support/random.h"
#include "support/rig.h"

namespace bulkhead::testing {

// What the rules of a restore file speak of: packets made of the same words meet the rules.
struct RuleVocabulary {
  std::vector<std::string> networks;    // "10.0.0.0/8", "192.0.2.1"
  std::vector<std::string> interfaces;  // names; of a pattern (eth+) one that fits
  std::vector<uint16_t> ports;
  std::vector<std::string> macs;
};
RuleVocabulary vocabulary_of(std::string_view restore_file);

// A rig with the interfaces of the vocabulary (six at most), some of its addresses its own and its
// networks behind the interfaces by turns.
RigOptions rig_for(const RuleVocabulary& words, bool ip6);
// ip(8) commands for those networks.
std::string routes_for(const RuleVocabulary& words, bool ip6);

// Packets from outside in, through and from the host; some answer others.
std::vector<Step> packets_for(const RuleVocabulary& words, bool ip6, size_t count, Random& random);

}  // namespace bulkhead::testing
