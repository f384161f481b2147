// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What a check is, what it may look at, and what it answers.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/audit_facts.h"
#include "backend/sim/simulator.h"
#include "ir/ruleset.h"
#include "ir/value_set.h"
#include "net/packet_text.h"

namespace bulkhead::app::audit {

class Packets;

enum class Verdict : uint8_t { kPass, kFail, kNotApplicable, kUnknown };

// A packet of a set that is at fault.
struct Witness {
  net::PacketText packet;
  bool certain = true;              // false: something that can't be known here decides, too
  backend::sim::Oracle known = {};  // what the sets take for so of what the packet doesn't decide
  bool passes = false;  // as the sets have it; where it isn't certain: what is wrong is that it may
  // As `bulkhead explain` has it.
  std::string verdict;  // "accepted"
  std::string decided;  // "rule 3 of INPUT"
  std::string rule;     // as -S prints it; empty: a policy, or no rule is loaded
};

// One thing that is wrong.
struct Finding {
  std::string text;  // "tcp/3306 is open to any"
  std::optional<net::Family> family = {};
  std::optional<Witness> witness = {};
  // Commands, in the order in which they are to be typed: as a check gives them, a proposal (mend.h
  // tries it).
  std::vector<std::string> remedy = {};
  std::vector<std::vector<std::string>> otherwise = {};  // further proposals, the better ones first
  std::string note = {};                                 // what to know before they are typed
};

struct Answer {
  Verdict verdict = Verdict::kPass;
  std::string why = {};  // of kNotApplicable and kUnknown; of kPass what else is worth knowing
  std::vector<Finding> findings = {};  // of kFail
  size_t wrong = 0;                    // how much is wrong in all, where that is more
};
inline Answer pass(std::string why = {}) { return {Verdict::kPass, std::move(why)}; }
inline Answer not_applicable(std::string why) { return {Verdict::kNotApplicable, std::move(why)}; }
inline Answer unknown(std::string why) { return {Verdict::kUnknown, std::move(why)}; }
inline Answer fail_of(std::vector<Finding> findings) {
  if (findings.empty()) return pass();
  return {Verdict::kFail, {}, std::move(findings)};
}

// What is wanted on this host, by its configuration and the command line.
struct Declared {
  std::vector<net::Network> management;
  std::vector<uint16_t> ssh_ports{22};
  bool forwarding = false;
  std::vector<uint16_t> egress;       // ports that it may connect to in its subnets
  std::vector<net::Network> subnets;  // of a host whose rules are in a file
};

// The ports that new packets from outside get to, as they are behind every translation.
struct Openings {
  ir::ValueSet some[2];   // from some address, of TCP and UDP
  ir::ValueSet any[2];    // from more than a sixteenth of all addresses, and any client's port
  ir::ValueSet plain[2];  // surely from all but a sixteenth, whatever else the packet is

  static size_t index(uint8_t protocol) { return protocol == net::kTcp ? 0 : 1; }
};

// What a check of packets looks at: one family's rules.
struct Rules {
  const ir::Ruleset& rules;
  Packets& packets;
  const Declared& declared;
  const HostFacts* host = nullptr;  // none: a file is audited
  // Of IPv4, while IPv6 is looked at; none: it isn't known, or there are no such rules.
  const Openings* ip4 = nullptr;
};

// What a check of the host looks at.
struct Host {
  const HostFacts& facts;
  const Declared& declared;
};

struct Check {
  std::string_view id;     // for --skip and --json
  std::string_view group;  // a heading
  std::string_view title;  // what is so when it passes
  std::string_view sources;
  std::string_view passes;  // when exactly, in a sentence of docs/audit.md
  // One of them.
  Answer (*of_rules)(const Rules&) = nullptr;
  Answer (*of_host)(const Host&) = nullptr;
  std::optional<net::Family> only = {};  // of_rules: for this family
};

// Group by group, in the order in which their commands are to be typed.
std::span<const Check> checks();

// --- of packets. Each asks only for what Packets::asked() has put into the model.
Answer input_ends_in_drop(const Rules&);
Answer forward_drops(const Rules&);
Answer loopback_accepted(const Rules&);
Answer loopback_only_on_lo(const Rules&);
Answer answers_accepted(const Rules&);
Answer invalid_dropped(const Rules&);
Answer ssh_from_management(const Rules&);
Answer ssh_from_nobody_else(const Rules&);
Answer management_is_small(const Rules&);
Answer ssh_is_rate_limited(const Rules&);
Answer no_open_admin_port(const Rules&);
Answer no_published_admin_port(const Rules&);
Answer no_any_any(const Rules&);
Answer listeners_have_rules(const Rules&);
Answer openings_have_listeners(const Rules&);
Answer ip6_as_ip4(const Rules&);
Answer neighbour_discovery(const Rules&);
Answer packet_too_big(const Rules&);
Answer no_new_egress(const Rules&);
Answer drops_are_logged(const Rules&);
Answer no_dead_rule(const Rules&);
// --- of the host
Answer forwarding_is_off(const Host&);
Answer running_is_saved(const Host&);
Answer loaded_before_network(const Host&);
Answer one_firewall(const Host&);
Answer rp_filter_is_on(const Host&);
Answer redirects_are_off(const Host&);
Answer source_routing_is_off(const Host&);

}  // namespace bulkhead::app::audit
