// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Which rule it is that lets a packet pass. Accepting rules all end in the same outcome; here each
// leaves a number in its own.

#include <optional>
#include <vector>

#include "set/model.h"

namespace bulkhead::pass {

struct NumberedAccepts {
  struct Place {
    size_t chain = 0;  // of table filter
    size_t rule = 0;
  };
  ir::Ruleset rules;          // to be analysed in the place of those that were given
  std::vector<Place> places;  // by number; in the rules that were given
};

// Of table filter, all rules that accept; at most 65,536 of them have a number.
NumberedAccepts numbered_accepts(const ir::Ruleset& rules);

// The number of the rule that has accepted, if a numbered rule has.
std::optional<size_t> accepted_by(const set::Outcome& outcome, const NumberedAccepts& numbered,
                                  set::Model& model);

}  // namespace bulkhead::pass
