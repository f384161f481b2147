// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// From what the checks propose to commands that can be typed, all of them, one after the other:
// each is put into effect on a copy of the rules, and the checks are asked again of what comes out.

#include <functional>
#include <optional>
#include <vector>

#include "app/audit/check.h"
#include "ir/ruleset.h"

namespace bulkhead::app::audit {

// What the checks say of some rules.
struct State {
  ir::Ruleset rules;
  std::vector<std::optional<Answer>> answers;  // as checks(); none: it isn't asked
  double ssh = 0;                              // from which part of all addresses one gets to it
  std::optional<Openings> openings;
};
// None: it took too long.
using Ask = std::function<std::optional<State>(const ir::Ruleset&)>;

// Gives the findings of `told` their commands, and the others a note that says why there are none.
// A command is only given where its check then finds less, nothing fails that passed, and nobody is
// shut out who mustn't be. `state`: what is so before; afterwards what is so behind all commands.
void mend(std::vector<std::optional<Answer>>& told, State& state, const Declared& declared,
          const HostFacts* host, const Ask& ask);

}  // namespace bulkhead::app::audit
