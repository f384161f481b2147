// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "ext/row.h"

namespace bulkhead::ext {

// What `iptables -m tcp -h` and `iptables -j LOG -h` print behind the general help: a heading, one
// option after the other, and the words that their arguments may be. Ends with a newline.
std::string help(const Match& match);
std::string help(const Target& target);

// The row's section of the manual page, in man(7) macros: ".SS tcp" and what follows.
std::string manual(const Match& match);
std::string manual(const Target& target);

}  // namespace bulkhead::ext
