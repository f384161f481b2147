// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>

#include "ext/row.h"

namespace bulkhead::ext {

// What a match asks of a packet, in words: "its source port is 1024 to 65535, its destination port
// is not 22 (ssh)". Empty where it asks for nothing beyond -p. The context's `names` may be null:
// then ports stay numbers.
std::string sentence(const Match& match, std::span<const ir::Argument> arguments, const Context&);
// What a target does with it: "it is rejected with ICMP port unreachable".
std::string sentence(const Target& target, std::span<const ir::Argument> arguments, const Context&);

}  // namespace bulkhead::ext
