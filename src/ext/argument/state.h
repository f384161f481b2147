// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ext/argument/word_list.h"
#include "ext/row.h"

namespace bulkhead::ext {

// "NEW,ESTABLISHED", in any case, each by as much of its beginning as one likes. Canonical in the
// order INVALID, NEW, RELATED, ESTABLISHED, UNTRACKED.
Result<std::string> parse_state(std::span<const std::string_view> words, const Context&);
// The same in conntrack's words for errors, with SNAT and DNAT.
Result<std::string> parse_ctstate(std::span<const std::string_view> words, const Context&);

// Bits of conntrack's two states that aren't values of ir::CtState but parts of the connection's
// status: its source, or its destination, was translated.
inline constexpr uint32_t kSourceTranslated = 1u << 8;
inline constexpr uint32_t kDestinationTranslated = 1u << 9;
// The bits of ir::CtState and the two above.
uint32_t read_states(std::string_view canonical);

// Values of ir::CtState; SNAT and DNAT are none.
Values state_values(std::string_view canonical, const Context&);

inline constexpr ArgumentType kState{
    .words = "[INVALID|ESTABLISHED|NEW|RELATED|UNTRACKED][,...]",
    .parse = parse_state,
    .values = state_values,
    .say = say_words,
};
inline constexpr ArgumentType kCtStates{
    .words = "{INVALID|ESTABLISHED|NEW|RELATED|UNTRACKED|SNAT|DNAT}[,...]",
    .parse = parse_ctstate,
    .values = state_values,
    .say = say_words,
};

}  // namespace bulkhead::ext
