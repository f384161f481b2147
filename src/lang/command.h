// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// One command of iptables, as understood: what argv (or a line of a restore file) asks for.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "ir/ruleset.h"

namespace bulkhead::ext {
struct Match;
struct Target;
}  // namespace bulkhead::ext

namespace bulkhead::lang {

struct Append {
  std::string chain;
  std::vector<ir::Rule> rules;  // several where -s or -d name several addresses, in iptables' order
};
struct Insert {
  std::string chain;
  uint32_t position = 1;
  std::vector<ir::Rule> rules;
};
struct DeleteRule {
  std::string chain;
  std::vector<ir::Rule> rules;
};
struct DeleteNumber {
  std::string chain;
  uint32_t number = 0;
};
struct Replace {
  std::string chain;
  uint32_t number = 0;
  std::vector<ir::Rule> rules;  // iptables refuses more than one
};
struct Check {
  std::string chain;
  std::vector<ir::Rule> rules;
};
struct SetPolicy {
  std::string chain;
  ir::Policy policy = ir::Policy::kAccept;
  std::optional<ir::Counters> counters;
};
// Where a chain need not be named, none means all. A name that is empty is no chain's: it comes
// from a script's unset variable.
struct Flush {
  std::optional<std::string> chain;
};
struct Zero {
  std::optional<std::string> chain;
  uint32_t number = 0;  // 0: every rule and the policy
};
struct NewChain {
  std::string chain;
};
struct DeleteChain {
  std::optional<std::string> chain;  // none: every user chain
};
struct RenameChain {
  std::string chain;
  std::string to;
};
struct List {
  std::optional<std::string> chain;
  uint32_t number = 0;     // 0: every rule
  bool as_rules = false;   // -S
  bool zero = false;       // -L -Z: print, then zero what was printed
  bool zero_rule = false;  // -L -Z CHAIN NUMBER: only that rule
};
// -h: iptables' own help and that of the rows named before it.
struct Help {
  std::vector<const ext::Match*> matches;
  const ext::Target* target = nullptr;
};
// -V; `! -V` has a joke for an answer.
struct Version {
  bool negated = false;
};
// A line of a restore file that is for the other family (-4, -6).
struct Nothing {};

using Operation =
    std::variant<Append, Insert, DeleteRule, DeleteNumber, Replace, Check, SetPolicy, Flush, Zero,
                 NewChain, DeleteChain, RenameChain, List, Help, Version, Nothing>;

struct ListStyle {
  bool numeric = false;       // -n
  bool verbose = false;       // -v
  bool exact = false;         // -x
  bool line_numbers = false;  // --line-numbers
};

struct Command {
  std::string table = "filter";
  Operation operation;
  ListStyle style;
  unsigned verbosity = 0;  // times -v
  std::optional<uint32_t>
      wait_seconds;  // -w N; the outer default otherwise. UINT32_MAX: -w without a number
  std::optional<ir::Counters> counters;  // -c
  std::vector<std::string> warnings;     // said on stderr; the command is done all the same
  // iptables takes the words, and the kernel will refuse the rule: an error, if nothing else is
  // wrong. What the rule means is then unknown. apply() in edit.h knows of it.
  std::optional<Error> refusal;
};

}  // namespace bulkhead::lang
