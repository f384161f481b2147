// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "ext/row.h"

namespace bulkhead::ext {

// "NEW,ESTABLISHED", in any case, each by as much of its beginning as one likes. Canonical in the
// order INVALID, NEW, RELATED, ESTABLISHED, UNTRACKED.
Result<std::string> parse_state(std::span<const std::string_view> words, const Context&);
// The same, in conntrack's words for errors.
Result<std::string> parse_ctstate(std::span<const std::string_view> words, const Context&);
// Values of ir::CtState.
Values state_values(std::string_view canonical, const Context&);
std::string say_states(std::string_view canonical, const Context&);

inline constexpr ArgumentType kState{
    .words = "[INVALID|ESTABLISHED|NEW|RELATED|UNTRACKED][,...]",
    .parse = parse_state,
    .values = state_values,
    .say = say_states,
};
inline constexpr ArgumentType kCtStates{
    .words = "{INVALID|ESTABLISHED|NEW|RELATED|UNTRACKED}[,...]",
    .parse = parse_ctstate,
    .values = state_values,
    .say = say_states,
};

}  // namespace bulkhead::ext
