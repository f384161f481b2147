// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/explanation.h"

namespace bulkhead::app {

// The rule for packets of connections that are there already.
inline constexpr std::string_view kKnownConnections =
    "-m state --state ESTABLISHED,RELATED -j ACCEPT";

// A rule at a place of a built-in chain.
struct Addition {
  std::string table;
  std::string chain;
  std::optional<size_t> before;  // from 1; none: at its end
  std::string rule;
};

// "iptables -I INPUT 3 -p tcp --dport 22 -s 192.0.2.1 -j ACCEPT"
std::string command_of(const Addition& addition, net::Family family);

// The rules with it; none: it can't stand there.
std::optional<ir::Ruleset> with(const ir::Ruleset& rules, const Addition& addition);

// What explain() has been asked, and its answer.
struct Asked {
  const ir::Ruleset& rules;
  const net::PacketText& packet;
  const Translation& translation;
  const Explanation& explanation;
};

struct Remedy {
  std::optional<Addition> addition;
  std::string note;  // what is to be known of it, or why there is none; a sentence, or nothing
};

// One rule by which a packet that is stopped passes, or one that passes is dropped, at the place
// where its fate is decided. Tried in the simulator: it does so whichever way falls what can't be
// known here, but for limits that may still stop the packet (the note names them). None goes around
// a limit. No rule, if no such one would do.
Remedy remedy_for(const Asked& asked);

// The same with a rule of the caller's: the first of `rules` that does it.
Remedy remedy_by(const Asked& asked, const std::vector<std::string>& rules);

}  // namespace bulkhead::app
