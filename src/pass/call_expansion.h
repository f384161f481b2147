// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ir/ruleset.h"

namespace bulkhead::pass {

// What it takes to put a chain's rules in the place of a call to it. See pass/inline_deep_chains.h.
class Callee {
 public:
  // changing_calls: the chains that it calls may change the packet.
  explicit Callee(const ir::Chain& chain, bool changing_calls = false);

  // The rules that a packet can meet.
  size_t live() const { return live_; }
  // A packet may come back out of the chain's end.
  bool falls_through() const { return falls_through_; }
  // Of the live rules, those by which some packets leave the chain for its caller (return, goto)
  // and some don't.
  size_t forks() const { return forks_; }
  // The first live rule with a memory, and the first fork with one.
  // The first live rule behind which the packet may be another one.
  std::optional<size_t> change() const { return change_; }
  std::optional<size_t> memory() const { return memory_; }
  std::optional<size_t> fork_with_memory() const { return fork_with_memory_; }

  const ir::Chain& chain() const { return *chain_; }

 private:
  const ir::Chain* chain_;
  size_t live_ = 0;
  bool falls_through_ = true;
  size_t forks_ = 0;
  std::optional<size_t> change_;
  std::optional<size_t> memory_;
  std::optional<size_t> fork_with_memory_;
};

// The rule has a condition that may be asked once a packet and in one place (a limit, an opaque
// match).
bool has_memory(const ir::Rule& rule);
// A packet that goes on behind the rule may be another one than before it: its target writes, or
// calls a chain that may.
bool changes_what_follows(const ir::Rule& rule, bool changing_calls);

// A call and what stands behind it in its chain.
struct CallSite {
  const ir::Rule& call;
  size_t behind = 0;           // rules of the caller
  bool memory_behind = false;  // one of them has a memory
  bool change_behind = false;  // behind one of them the packet may be another one
  size_t callers = 1;          // of the callee

  bool is_goto() const;
  // How many rules of the caller a packet meets after it has come back.
  size_t tail() const { return is_goto() ? 0 : behind; }
};

// How many rules stand in for the call.
size_t expanded_size(const CallSite& site, const Callee& callee);

// Why the call can't be replaced, in words; nothing if it can.
std::optional<std::string> obstacle(const CallSite& site, const Callee& callee);

// Puts what stands in for the call at the end of `rules`: the caller's rules behind the call, in
// *reverse* order. (So a caller is rewritten from its end in one go.) Needs a call without an
// obstacle.
void expand(const CallSite& site, const Callee& callee, std::vector<ir::Rule>& rules);

}  // namespace bulkhead::pass
