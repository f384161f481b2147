// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Commands that mend what a check has found: tried in the simulator before they are shown.

#include <string>
#include <string_view>
#include <vector>

#include "app/audit/check.h"

namespace bulkhead::app::audit {

using Commands = std::vector<std::string>;

// "iptables -A INPUT ..." or ip6tables.
std::string command(net::Family family, std::string_view words);

// The rules behind these commands (of table filter); none where they can't be typed.
std::optional<ir::Ruleset> behind(const ir::Ruleset& rules, const Commands& commands);

// Whether the packet passes.
bool passes(const ir::Ruleset& rules, const net::PacketText& packet, net::Direction direction);

// The first of the candidates that makes the packet pass, or not pass; the last one if none does.
Commands first_that_helps(const ir::Ruleset& rules, const net::PacketText& packet,
                          net::Direction direction, bool pass, std::vector<Commands> candidates);

// "-A CHAIN words", or -I where a rule before it would decide.
Commands appended_or_inserted(const ir::Ruleset& rules, const net::PacketText& packet,
                              net::Direction direction, bool pass, std::string_view words);

// `closing` behind what keeps alive that would die of it: the host's own connections, answers, the
// management's ssh, IPv6's neighbour discovery.
Commands with_what_stays(const Rules& rules, const Commands& closing);
// What to know before one closes: that nobody is declared who would stay in. Empty: nothing.
std::string closing_note(const Rules& rules);

// The rule or the policy of table filter that lets the packet pass.
struct Decider {
  std::string chain;
  std::string rule;                   // as -S prints it; empty: the policy
  const ir::Rule* written = nullptr;  // in the ruleset; none: the policy
};
Decider decider_of(const ir::Ruleset& rules, const net::PacketText& packet,
                   net::Direction direction);
// Commands that take it away: the rule is deleted, or the policy becomes DROP. What must stay in
// does.
Commands without_decider(const Rules& rules, const Witness& witness, net::Direction direction);
// The same where it is the policy that lets the packet in, else `others`.
Commands closed_or(const Rules& rules, const std::optional<Witness>& witness, Commands others);

// The chain's name for a direction: "INPUT".
std::string_view chain_of(net::Direction direction);

}  // namespace bulkhead::app::audit
