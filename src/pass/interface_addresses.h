// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Which addresses live behind which interface: what is known of a network beside its rules.

#include <string>
#include <vector>

#include "ir/ruleset.h"
#include "ir/value_set.h"

namespace bulkhead::pass {

struct InterfaceAddresses {
  std::string name;
  ir::ValueSet addresses;  // may be none

  ir::Constraint comes_in(net::Family family) const;  // by this interface
  ir::Constraint from_behind(net::Family family) const;
};
using Interfaces = std::vector<InterfaceAddresses>;

// What a model must be able to tell apart, for AnalysisOptions::more.
std::vector<ir::Constraint> asked_of(const Interfaces& interfaces, net::Family family);

// The interfaces (values of ir::kInInterface) that a rule of the chain, or of those that it leads
// to, names and the list doesn't. "eth+" is named if none of the list begins like it.
ir::ValueSet unlisted(const ir::Table& table, const ir::Chain& chain, const Interfaces& interfaces);

// From where packets come in: by an interface of the list what lives behind it; by one that only
// the rules name, anything; by others, what lives behind none of the list. An empty list says
// nothing: anything comes in by any interface.
class Arrivals {
 public:
  Arrivals(const Interfaces& interfaces, ir::ValueSet unlisted, net::Family family);

  // Sources that may come in by one of these interfaces.
  ir::ValueSet may_come_in(const ir::ValueSet& names) const;
  // Sources that come in by no other.
  ir::ValueSet surely_come_in(const ir::ValueSet& names) const;

 private:
  const Interfaces& interfaces_;
  ir::ValueSet unlisted_;
  ir::ValueSet listed_;     // interfaces
  ir::ValueSet elsewhere_;  // addresses behind none of them
  unsigned width_;          // of an address
};

}  // namespace bulkhead::pass
