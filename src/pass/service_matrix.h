// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Who reaches whom with a service: addresses in classes that a chain treats alike, and which class
// it may let through to which. What else the rules ask for (interfaces, flags, MAC addresses,
// rates) may be whatever lets a packet pass.

#include <optional>
#include <utility>
#include <vector>

#include "core/result.h"
#include "pass/chain_functions.h"
#include "pass/service_abstraction.h"

namespace bulkhead::pass {

// The first packet of a connection.
struct Service {
  std::optional<uint8_t> protocol;  // none: any
  std::optional<uint16_t> port;     // none: any
  std::optional<uint16_t> source_port;
};

struct ServiceMatrix {
  // All addresses are in exactly one class; sorted by their lowest address.
  std::vector<ir::ValueSet> classes;
  std::vector<std::pair<size_t, size_t>> pairs;  // from, to; sorted
};

// What the model must be able to tell apart, for AnalysisOptions::more.
std::vector<ir::Constraint> asked_of(const Service& service);

// Needs a model of abstracted() rules that has asked_of() the service. An error (kRefused) if their
// addresses fall into too many ranges (a mask with holes). Look at the model's exhausted() before
// you believe either.
Result<ServiceMatrix> service_matrix(set::Model& model, ChainFunctions& functions,
                                     const ir::Chain& chain, const Service& service);

// The packets that a built-in chain, its policy included, may let pass.
set::Node may_be_accepted(set::Model& model, ChainFunctions& functions, const ir::Chain& chain);

ir::Constraint is_new();

}  // namespace bulkhead::pass
