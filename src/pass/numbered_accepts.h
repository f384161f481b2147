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
    bool hands_over = false;  // to a program, which may accept
  };
  ir::Ruleset rules;          // to be analysed in the place of those that were given
  std::vector<Place> places;  // by number; in the rules that were given
};

// Of table filter, all rules that accept; and those that hand a packet to a program; at
// most 65,535 of them have a number.
NumberedAccepts numbered_accepts(const ir::Ruleset& rules);

// The number of the rule that has accepted, if a numbered rule has; or that has handed the packet
// to whoever has accepted it.
std::optional<size_t> accepted_by(const set::Outcome& outcome, const NumberedAccepts& numbered,
                                  set::Model& model);

}  // namespace bulkhead::pass
