// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Why a packet passes or doesn't: the simulator's trace, told in words. Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "backend/sim/simulator.h"
#include "ir/ruleset.h"
#include "net/packet_text.h"

namespace bulkhead::app {

// A rule that the packet met, or a policy.
struct MetRule {
  std::string chain;
  std::optional<size_t> number;  // from 1; nullopt: the policy
  unsigned depth = 0;            // how many user chains deep
  backend::sim::Truth matched = backend::sim::Truth::kNo;
  std::string rule;  // as -S prints it, without "-A CHAIN"; of a policy: "policy DROP"
  std::string why;   // "its destination port is not 22 (ssh)", or what the rule does with it
};

// The way through one built-in chain and those below it.
struct Passage {
  std::string table;
  std::string chain;
  std::vector<MetRule> met;
  backend::sim::Verdict verdict = backend::sim::Verdict::kAccept;
  net::PacketFields seen;  // the packet as it comes there, translated by the tables before
};

// What table raw has made of a packet for connection tracking. The zones in which its connection is
// looked for: as one that it has begun, and as one that it answers.
struct Tracking {
  bool untracked = false;
  uint16_t original_zone = 0;
  uint16_t reply_zone = 0;
};

// What the connection of a packet that isn't its first makes of it: where it differs from the
// packet as it comes.
struct Translation {
  struct End {
    net::Address address;
    uint16_t port = 0;
    friend bool operator==(const End&, const End&) = default;
  };
  std::optional<End> source;
  std::optional<End> destination;
};

// The hooks that a packet passes. Over lo it goes out and comes in again: OUTPUT, then INPUT.
struct Way {
  net::Direction direction = net::Direction::kInput;
  bool over_lo = false;
  constexpr Way(net::Direction at, bool lo = false) : direction(at), over_lo(lo) {}
};

struct Explanation {
  std::string packet;                                 // in words
  net::Direction direction = net::Direction::kInput;  // over lo: where its fate is decided
  bool over_lo = false;
  std::vector<Passage> passages;  // in the order of the hooks, up to the one that ends it
  backend::sim::Verdict verdict = backend::sim::Verdict::kAccept;
  // "rule 3 of INPUT", "the policy of INPUT"; over lo "rule 1 of OUTPUT and rule 3 of INPUT".
  std::string decided;
  bool by_nothing = false;  // no rule and no policy has decided; `decided` says why
  // Rules before it of which can't be known here whether they match, and that would lead elsewhere:
  // "rule 2 of INPUT". They were taken not to match.
  std::vector<std::string> unless;
  bool depends =
      false;  // on a condition that can't be known here: a rate limit was taken to have room
  Tracking tracking;
  net::PacketFields left;  // the packet as it leaves the last table that it met
  // Where a translation has sent it, "10.0.0.2:80", if no outgoing interface was named: of a host
  // of another address it is forwarded, and INPUT has no word in it.
  std::string goes_to;
  // A later fragment where the kernel has put the packet together before: none like it comes there.
  bool never_comes = false;
  // One command that turns the verdict round (app/remedy.h), where somebody has asked for it; and
  // what is to be known of it, or why there is none.
  std::string remedy;
  std::string remedy_note;
};

// What the host does with a packet that comes in, goes out or passes through. Tables without a rule
// or a closed policy on its way are left out, apart from filter. Needs verified rules of the
// packet's family. `oracle`: what is known of conditions that the packet doesn't decide.
Explanation explain(const ir::Ruleset& rules, const net::PacketText& packet, Way way,
                    const backend::sim::Oracle& oracle = {}, const Translation& translation = {});

// Its verdict alone, for those who ask many times.
bool lets_pass(const ir::Ruleset& rules, const net::PacketText& packet, Way way,
               const backend::sim::Oracle& oracle, const Translation& translation);

// A connection: its first packet, the answer to it, and the packets that follow. A translation of
// the first packet is that of all, and taken back in the answers. By lo each of them goes out and
// comes in again, whichever of the two the words say.
struct ConnectionExplanation {
  Explanation first;
  Explanation answer;
  Explanation following;
  std::string lost;  // why connection tracking doesn't find the answers' connection
  // And they begin a second one between the same two ends of the same zone: the kernel drops them.
  bool clashes = false;
  // The commands with which it works, tried in the simulator one behind the other. Empty: it works,
  // or no such commands were found.
  std::vector<std::string> remedies;

  bool works() const;
};
ConnectionExplanation explain_connection(const ir::Ruleset& rules, const net::PacketText& packet);

}  // namespace bulkhead::app
