// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backend/nft/fingerprint.h"
#include "backend/nft/header.h"
#include "backend/nft/program.h"
#include "core/result.h"
#include "ir/condition.h"

namespace bulkhead::backend::nft {

// One condition of a step, lowered.
struct Part {
  std::vector<Expr> expressions;  // empty where every packet satisfies it
  std::optional<Check> check;     // must have been made before it is asked
  bool stateful = false;          // may not be asked twice for a packet
  bool header = false;            // asks whether a header can be read
  uint8_t xt_protocol = 0;        // not 0: has an xt match, which wants to know -p
  Fingerprint identity;           // the same for conditions that mean the same
};

// Every condition of a step, in order. kRefused where one can't be said exactly: a field that the
// family doesn't have, an xt match without one -p, IPv6's -p behind a stateful condition.
Result<std::vector<Part>> lower_predicate(std::span<const ir::Condition> conditions,
                                          net::Family family);

// The only protocol that the conditions allow, where one of them says so; 0: none does.
uint8_t protocol_asked(std::span<const ir::Condition> conditions);

// The rule that asks them all. What has no state may be asked in any order: the question whether a
// header can be read is the dearest and seldom answered with no, so it comes last, though before
// anything stateful.
Rule join(std::span<const Part> parts);

}  // namespace bulkhead::backend::nft
