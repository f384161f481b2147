// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "support/random.h"

// Rulesets of all five tables, drawn at random: targets that change packets, and conditions that
// read what an earlier rule has changed.
namespace bulkhead::testing {

// A set of the hooks that a chain may be reached from.
enum HookBit : unsigned {
  kPrerouting = 1,
  kInput = 2,
  kForward = 4,
  kOutput = 8,
  kPostrouting = 16,
  kAnyHook = 31,
};

struct TableChain {
  std::string_view table;
  std::string name;
  unsigned hooks;
  std::string policy = "-";  // of a built-in chain
};

struct TableRule {
  std::string_view table;
  std::string line;  // "-A POSTROUTING -p tcp -j MASQUERADE"
};

struct TableRules {
  std::vector<TableChain> chains;
  std::vector<TableRule> rules;

  std::string text() const;  // for iptables-restore; all five tables
};

TableRules draw_tables(Random& random, bool ip6);

// A target or a condition, and how -S shows that a rule has it.
struct TableWord {
  std::string name;
  std::string shown;
  bool ip4 = true;
  bool ip6 = true;
};
// What draw_tables() is there for. A new target of its own belongs in here.
const std::vector<TableWord>& table_words();

}  // namespace bulkhead::testing
