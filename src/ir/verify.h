// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "ir/ruleset.h"

namespace bulkhead::ir {

// How long a chain's name may be, in bytes (XT_EXTENSION_MAXNAMELEN less its final zero).
inline constexpr size_t kMaxChainName = 28;

enum class Ids : uint8_t {
  kUnique,  // as written: every id is given once, and is below next_id
  kShared,  // rewritten: several rules may count for one
};

// Whether the ruleset is sound: its tables and their built-in chains, chain names and targets, no
// jump to a built-in chain, no loop that a packet can get into (errno_value ELOOP, the chains' path
// in the message; iptables allows loops that no built-in chain leads to), conditions that fit their
// family and fields. The first fault is the error (kRefused), with the rule's span where it has
// one. Everything that takes a ruleset may rely on this.
Result<void> verify(const Ruleset& rules, Ids ids = Ids::kUnique);

}  // namespace bulkhead::ir
