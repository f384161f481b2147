// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// One family's table as it was found in the kernel. Whatever another program put there has a place
// here.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/nft/fingerprint.h"
#include "backend/nft/program.h"
#include "backend/nft/stored.h"

namespace bulkhead::backend::nft {

struct KernelRule {
  uint64_t handle = 0;
  ir::RuleId id = ir::kNoId;
  Fingerprint form;       // with the id
  ir::Counters counters;  // of all its counters
};

struct KernelChain {
  std::string name;
  std::optional<BaseHook> base;
  std::vector<KernelRule> rules;  // in the order in which they are asked

  std::vector<Fingerprint> forms() const {
    std::vector<Fingerprint> out;
    out.reserve(rules.size());
    for (const KernelRule& rule : rules) out.push_back(rule.form);
    return out;
  }
};

struct KernelTable {
  net::Family family = net::Family::kIpv4;
  bool present = false;
  uint32_t flags = 0;  // a table can be "dormant": none of its chains is asked
  std::vector<Helper> helpers;
  std::vector<KernelChain> chains;
  bool source_set = false;
  std::vector<Piece> pieces;  // the elements of the source set
};

}  // namespace bulkhead::backend::nft
