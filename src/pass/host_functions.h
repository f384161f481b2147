// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What all tables together do with a packet on its way into, out of or through the host.

#include <functional>
#include <map>
#include <string>

#include "net/packet_text.h"
#include "pass/chain_functions.h"

namespace bulkhead::pass {

// Whether a rule of the table translates addresses or ports.
bool translates(const ir::Table& table);

// The tables of one ruleset. Keeps references to both.
class HostFunctions {
 public:
  HostFunctions(set::Model& model, const ir::Ruleset& rules);

  ChainFunctions& table(const ir::Table& table) { return tables_.at(table.name); }

  // From the packet as it comes to the first hook: which is decided where it is stopped (and by
  // what), and passes where every table lets it. What a table writes, those behind it read; a
  // translation to a single address or port is known, any other is an unknown one. Connection
  // tracking's state is that of the packet, but for table raw: there it isn't known yet. Packets
  // that can't be at the hooks are not said anything of: intersect with at_hook() before you ask.
  // What DNAT sends to another address may not come to INPUT at all: it is also said to be dropped.
  // Through lo comes what OUTPUT has let pass: raw and nat leave it alone.
  // kInput: the tables at PREROUTING and INPUT; kForward: PREROUTING, FORWARD, POSTROUTING;
  // kOutput: OUTPUT, POSTROUTING.
  // kKept: the outcomes say what was written, which costs more where there are many translations.
  enum class Written : uint8_t { kForgotten, kKept };
  set::Node on_the_way(net::Direction direction, Written written = Written::kForgotten);

  // One hook of one table; a table that isn't there lets everything pass. Of a chain that packets
  // meet before connection tracking does, as it meets them.
  set::Node at(const std::string& table, ir::Hook hook);

 private:
  set::Node stage(const ir::Table& table, const ir::BuiltinChain& builtin,
                  net::Direction direction);
  set::Node before_conntrack(set::Node function);
  set::Node through_lo();
  set::Effect coming_to(ir::Hook hook);
  set::Node followed(set::Node stage, set::Node rest);
  set::Node with_effects(set::Node function,
                         const std::function<set::Effect(set::Effect)>& changed);

  set::Model& model_;
  const ir::Ruleset& rules_;
  std::map<std::string, ChainFunctions> tables_;
};

}  // namespace bulkhead::pass
