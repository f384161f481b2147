// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "app/personality/personality.h"
#include "core/result.h"
#include "core/source.h"

namespace bulkhead::app {

// Adds an error to the outcome, with iptables' exit code: a first line as iptables-legacy writes
// it, then the user's text with a caret where there is text to point at, then a hint.
void report_command(const Personality& self, const Error& error, const Source& words,
                    std::string_view table, Outcome& outcome);
// The same for an error of a restore file: iptables-restore names the line.
void report_restore(const Personality& self, const Error& error, const Source& file,
                    Outcome& outcome);

}  // namespace bulkhead::app
