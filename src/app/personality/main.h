// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace bulkhead::app {

// Whether a program of this name is one of them: "iptables", "ip6tables-save" ... (without its
// folder).
bool is_personality(std::string_view name);

// iptables, ip6tables, and their -save and -restore. Gives the exit code: 0, 1 it can't be done, 2
// the words are wrong, 3 there is no such table, 4 the kernel can't be had now.
int personality_main(std::string_view name, int argc, char** argv);

}  // namespace bulkhead::app
