// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// One family's table as it shall be in the kernel: chains, rules, expressions. Plain data, free of
// netlink.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/nft/expr.h"
#include "ir/ruleset.h"
#include "net/family.h"

namespace bulkhead::backend::nft {

inline constexpr std::string_view kTableName = "bulkhead";
// The set whose elements carry the source in their user data.
inline constexpr std::string_view kSourceSetName = "source";

struct Rule {
  ir::RuleId id = ir::kNoId;  // whose count its counter is part of; kNoId for a guard and for a
                              // base chain's jump
  std::vector<Expr> expressions;
  // What xtables' matches are told of the rule's -p (their own check of it); 0 where there is none
  // of them. The kernel doesn't give it back.
  uint8_t xt_protocol = 0;
};

// What hangs a chain into the packets' path.
struct BaseHook {
  std::string type;   // "filter", "nat" or "route"
  uint32_t hook = 0;  // NF_INET_*
  int32_t priority = 0;
  bool drop_policy = false;  // of the chain itself; ours accept, for the policy is a rule

  friend bool operator==(const BaseHook&, const BaseHook&) = default;
};

// A helper of connection tracking, of the program's family, as an object of the table: what an
// expression names.
struct Helper {
  std::string name;  // the object's
  std::string helper;
  uint8_t protocol = 0;
  ir::RuleId wanted_by = ir::kNoId;  // for errors; the kernel isn't told

  friend bool operator==(const Helper& a, const Helper& b) {
    return a.name == b.name && a.helper == b.helper && a.protocol == b.protocol;
  }
};

struct Chain {
  std::string name;
  std::optional<BaseHook> base;
  std::vector<Rule> rules;
};

struct Program {
  net::Family family = net::Family::kIpv4;
  std::vector<Helper> helpers;
  std::vector<Chain> chains;
};

}  // namespace bulkhead::backend::nft
