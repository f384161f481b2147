// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The door every back end implements: what is installed, and one transaction that changes it.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "classify/plan.h"
#include "core/result.h"
#include "ir/ruleset.h"

namespace bulkhead::backend {

// What one family's table in the kernel holds.
struct Installed {
  bool present = false;
  // Why the table can't be trusted ("a rule of chain INPUT is missing: something else deleted it");
  // empty: sound.
  std::string damage;
  std::string
      source;  // opaque here: what commit() was given; empty if there is no table or it is damaged
  std::string transaction;  // id of the transaction that wrote it
  std::unordered_map<ir::RuleId, ir::Counters>
      counters;  // the kernel's, summed over every step of a rule
  // The part of `counters` that stands where nothing is hit any more (the chains of a form that was
  // replaced) and that the next commit removes. The caller folds it into the offsets of the source
  // that it commits.
  std::unordered_map<ir::RuleId, ir::Counters> retired;
};

// Another program's base chain, or another table altogether, at the hooks that we use.
struct ForeignChain {
  std::string family;  // nft's word: "ip", "ip6", "inet", "bridge", "netdev", "arp"
  std::string table;
  std::string chain;
  std::string hook;
  int32_t priority = 0;
  bool drops = false;  // policy drop, or a rule in its table drops, rejects or jumps where that
                       // can't be told
  size_t rules = 0;    // of its table
};

struct Snapshot {
  uint32_t generation = 0;  // of nf_tables in this network namespace; any program's change moves it
  Installed v4;
  Installed v6;

  const Installed& of(net::Family family) const { return family == net::Family::kIpv4 ? v4 : v6; }
};

// What a family's table shall hold after a transaction. Without a plan the table is removed.
struct Desired {
  net::Family family = net::Family::kIpv4;
  std::optional<classify::Plan> plan;
  std::string source;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // One consistent look (a dump that was interrupted is started again). kPermission without
  // CAP_NET_ADMIN; kSystem with a hint where the kernel has no nf_tables. `counters`: false leaves
  // the counters out.
  virtual Result<Snapshot> read(bool counters = true) = 0;

  // Puts all of `desired` into force in one kernel transaction, all or nothing; a family that isn't
  // named stays as it is. Counters of steps whose id and form stay go on counting in place. `base`
  // is the look that the change was computed from: if our tables have changed since, kStale
  // and nothing is done (what other programs did to their own is no matter). kUnclear: sent, but
  // the answer is lost; the next read's `transaction` tells. Gives the transaction's id.
  virtual Result<std::string> commit(const Snapshot& base, std::span<const Desired> desired) = 0;

  // Everything of commit() but its last word: the kernel looks at all of it and forgets it. Whether
  // it would be refused, in the same words.
  virtual Result<void> rehearse(const Snapshot& base, std::span<const Desired> desired) = 0;

  // Base chains of other programs, for `status` and `explain`.
  virtual Result<std::vector<ForeignChain>> foreign() = 0;

  // How deep chains may nest below a built-in chain.
  virtual unsigned max_depth() const = 0;
};

}  // namespace bulkhead::backend
