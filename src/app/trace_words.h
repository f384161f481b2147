// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/rules_input.h"
#include "backend/trace.h"
#include "core/result.h"
#include "net/names.h"

namespace bulkhead::app {

// Which packets a rule's words describe ("-p tcp --dport 22 -i eth0"; none: all), for each family
// that they can be read for. They are asked for as early as the words allow: where the packet comes
// in or is sent; with -o where the way out is known; behind conntrack if they ask for the
// connection.
Result<std::vector<backend::TraceStart>, Failure> trace_starts(std::vector<std::string> words,
                                                               std::optional<net::Family> family,
                                                               const net::Names& names);

}  // namespace bulkhead::app
