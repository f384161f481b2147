// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Where nf_tables gives a connection its helper and its events (ir::ConnectionTemplate). iptables
// hangs them on the packet in table raw, and connection tracking takes them over for the connection
// that it makes of it. nf_tables gives them to a connection that is there, and before connection
// tracking, where raw stands, there is none.
//
// So raw's chains are gone through a second time, right behind connection tracking, by packets
// whose connection isn't confirmed yet: the first ones. A copy of a chain ("track/NAME") has the
// rules that decide which template a packet meets first, with their conditions and without their
// counters:
//
//   CT --helper, --ctevents    gives it, and ends the walk: what comes first stands
//   CT --zone, ACCEPT          ends the walk
//   RETURN, jumps, gotos       as they are, where that makes a difference
//   DROP, NOTRACK              left out: who met it doesn't come here
//   anything else              left out: the walk goes on
//
// Why this is exact: a condition of a copied rule has to give the answer that it gave in raw. It
// does where it has no memory and reads what doesn't change meanwhile: not the connection, which is
// new; nor what a rule of raw writes. Where it may not, the rules are refused. Headers need no
// guards: a packet with one cut off was dropped in raw.

#include "backend/nft/program.h"
#include "classify/plan.h"
#include "core/result.h"

namespace bulkhead::backend::nft {

// Adds the helpers and the chains to a program that has all others. kRefused, with the rule, where
// a condition on the way to a template can't be asked a second time.
Result<void> give_templates(const classify::Plan& plan, Program& program);

}  // namespace bulkhead::backend::nft
