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
  std::vector<Expr> expressions;   // empty where every packet satisfies it
  std::optional<Check> check;      // must have been made before it is asked
  bool header = false;             // a Header without expressions of its own: see join()
  ir::Header::Form form = ir::Header::Form::kTcp;
  bool stateful = false;           // may not be asked twice for a packet
  bool reads_transport = false;    // can't hold in a later fragment
  uint8_t xt_protocol = 0;         // not 0: has an xt match, which wants to know -p
  Fingerprint identity;            // the same for conditions that mean the same
};

// Every condition of a step, in order. kRefused where one can't be said exactly: a field that the family doesn't
// have, an xt match without one -p, IPv6's -p behind a stateful condition.
Result<std::vector<Part>> lower_predicate(std::span<const ir::Condition> conditions, net::Family family);

// The rule that asks them all. A Header's own question, whether the header can be read, is left out where another
// part asks it before anything stateful does.
Rule join(std::span<const Part> parts);

}  // namespace bulkhead::backend::nft
