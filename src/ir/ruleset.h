// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/span.h"
#include "ir/action.h"
#include "ir/condition.h"
#include "net/family.h"

namespace bulkhead::ir {

// Modulo 2^64: a stored offset may be negative (-Z keeps the kernel's counter and stores minus what
// it read).
struct Counters {
  uint64_t packets = 0;
  uint64_t bytes = 0;

  friend Counters operator+(Counters a, Counters b) {
    return {a.packets + b.packets, a.bytes + b.bytes};
  }
  friend Counters operator-(Counters a, Counters b) {
    return {a.packets - b.packets, a.bytes - b.bytes};
  }
  friend bool operator==(const Counters&, const Counters&) = default;
};

// One option as it was written, in canonical text: what -S prints after "--option ".
struct Argument {
  std::string option;  // its first name, without dashes: "dport"
  bool negated = false;
  std::string text;  // empty for an option without an argument
  Span span;         // where it was written; not part of its identity

  friend bool operator==(const Argument& a, const Argument& b) {
    return a.option == b.option && a.negated == b.negated && a.text == b.text;
  }
};

// A match as it was written and what it means. Identity is how it was written: two spellings of one
// meaning are different rules to -D and -C.
struct Match {
  std::string name;  // of its row; empty: the rule's own -s -d -i -o -p -f
  std::vector<Argument> arguments;
  Predicate predicate;

  friend bool operator==(const Match& a, const Match& b) {
    return a.name == b.name && a.arguments == b.arguments;
  }
};

// What to do, as written (name, arguments, -j or -g) and as meant (action).
struct Target {
  std::string name;  // "ACCEPT", "LOG", a user chain; empty: none
  std::vector<Argument> arguments;
  Action action;
  Span span;

  friend bool operator==(const Target& a, const Target& b) {
    return a.name == b.name && a.arguments == b.arguments && a.action == b.action;
  }
};

// Counts live in the kernel under the rule's id. Ids are never used twice in the life of a kernel
// table.
using RuleId = uint64_t;
inline constexpr RuleId kNoId = 0;  // not given one yet

struct Rule {
  Match head;                  // -s -d -i -o -p -f; its arguments in that order
  std::vector<Match> matches;  // in the order written
  Target target;
  Counters counters;  // in a ruleset to show: the live counts; in a stored source: the offset to
                      // the kernel's
  RuleId id = kNoId;
  Span span;

  // Identity for -D and -C: everything but counters, id and span.
  friend bool operator==(const Rule& a, const Rule& b) {
    return a.head == b.head && a.matches == b.matches && a.target == b.target;
  }
};

enum class Policy : uint8_t { kAccept, kDrop };

struct Chain {
  std::string name;
  std::optional<Policy> policy;  // built-in chains have one
  Counters policy_counters;
  RuleId policy_id = kNoId;
  std::vector<Rule> rules;

  bool builtin() const { return policy.has_value(); }
};

// Chains: the built-in ones in the order of their hooks, then the users' by name, as
// iptables-legacy keeps them.
struct Table {
  std::string name;
  std::vector<Chain> chains;

  Chain* find(std::string_view chain);
  const Chain* find(std::string_view chain) const;
  Chain& add_user_chain(
      std::string chain_name);  // at its place in the order; the name isn't there yet
};

// Everything of one family. A table that no command has written to isn't there (find gives
// nullptr).
struct Ruleset {
  net::Family family = net::Family::kIpv4;
  std::vector<Table> tables;  // in the order of kTables
  RuleId next_id = 1;         // the first that was never used

  Table* find(std::string_view table);
  const Table* find(std::string_view table) const;
  Table& table(std::string_view table);  // made, empty with policies ACCEPT, if it isn't there
};

enum class Hook : uint8_t { kPrerouting, kInput, kForward, kOutput, kPostrouting };

struct BuiltinChain {
  std::string_view name;
  Hook hook;
  int32_t priority;  // NF_IP_PRI_* of linux/netfilter_ipv4.h, the same for IPv6
};

struct BuiltinTable {
  std::string_view name;
  std::vector<BuiltinChain> chains;
};

// filter, nat, mangle, raw, security; nullptr for any other name.
const BuiltinTable* builtin_table(std::string_view name);
const std::vector<BuiltinTable>& builtin_tables();

// An empty table: its built-in chains with policy ACCEPT.
Table empty_table(std::string_view name);

}  // namespace bulkhead::ir
