// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>

#include "ext/row.h"

namespace bulkhead::ext {

// What -L shows of a match or a target behind the addresses: "tcp dpts:1:10", "LOG flags 0 level
// 4". No space before or after; empty if nothing is shown. numeric: -n.
std::string list_text(const Match& match, std::span<const ir::Argument> arguments, bool numeric,
                      const Context&);
std::string list_text(const Target& target, std::span<const ir::Argument> arguments, bool numeric,
                      const Context&);

}  // namespace bulkhead::ext
