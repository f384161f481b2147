// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Commands that may mend what a check has found. Which of them do, mend.h finds out.

#include <string>
#include <string_view>
#include <vector>

#include "app/audit/check.h"
#include "app/explanation.h"

namespace bulkhead::app::audit {

using Commands = std::vector<std::string>;

// "iptables -A INPUT ..." or ip6tables, for a shell. `words` are quoted as iptables-save does it:
// what a rule has for a comment may not become a command of the shell's.
std::string command(net::Family family, std::string_view words);

// The rules behind these commands; none where they can't be typed.
std::optional<ir::Ruleset> behind(const ir::Ruleset& rules, const Commands& commands);

// Whether the packet passes.
bool passes(const ir::Ruleset& rules, const net::PacketText& packet, net::Direction direction);

// "-A CHAIN words", or -I where a rule before it would decide.
Commands appended_or_inserted(const ir::Ruleset& rules, const net::PacketText& packet,
                              net::Direction direction, bool pass, std::string_view words);

// All that a finding proposes: its commands; where they let in, the same at other places of the
// chain (its end, its top, before the rule that stops the witness); and its others. At most
// kMostWays.
inline constexpr size_t kMostWays = 5;
std::vector<Commands> ways_of(const ir::Ruleset& rules, const Finding& finding);

// `closing` behind what keeps alive that would die of it: the host's own connections, answers, the
// management's ssh, IPv6's neighbour discovery. None where no rule can.
Commands with_what_stays(const ir::Ruleset& rules, const Declared& declared, const HostFacts* host,
                         const Commands& closing);
Commands with_what_stays(const Rules& rules, const Commands& closing);
// What to know before one closes: that nobody is declared who would stay in. Empty: nothing.
std::string closing_note(net::Family family, const Declared& declared);
std::string closing_note(const Rules& rules);

// The packet's way as it goes where it is treated as the sets say: what isn't known falls this way
// or that.
Explanation explained(const ir::Ruleset& rules, const Witness& witness);

// The rule or the policy of table filter that lets the witness pass, or may.
struct Decider {
  std::string chain;
  std::string rule;                   // as -S prints it; empty: the policy
  const ir::Rule* written = nullptr;  // in the ruleset; none: the policy
};
std::optional<Decider> decider_of(const ir::Ruleset& rules, const Witness& witness);
// Commands that take it away: the rule is deleted, or the policy becomes DROP. None if nothing lets
// it pass.
Commands without_decider(const Rules& rules, const Witness& witness);
// The same where it is the policy that lets the packet in, else `others`.
Commands closed_or(const Rules& rules, const std::optional<Witness>& witness, Commands others);

// Commands behind which nobody gets to these ports: the rule that opens them and nothing else is
// taken away, or the policy becomes DROP, or they are dropped before every rule.
Commands dropped_first(net::Family family, net::Direction direction, uint8_t protocol,
                       const ir::ValueSet& ports);
Commands shut(const Rules& rules, const std::optional<Witness>& witness, net::Direction direction,
              uint8_t protocol, const ir::ValueSet& ports);

// From which part of all addresses one gets to ssh.
double ssh_share(const Rules& rules);

}  // namespace bulkhead::app::audit
