// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/source.h"

namespace bulkhead::app {

// What `bulkhead` exits with, as iptables does: 1 it can't be done, 2 the command line or a file is
// wrong, 4 the kernel can't be had now (permission, the time of -w, a damaged table).
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUse = 2;
inline constexpr int kNoResource = 4;

int exit_code(const Error& error);

// The one door through which `bulkhead` tells of an error, on stderr: the message, the place in the
// user's text if there is one, and what to do about it. Gives the exit code.
int report(const Error& error);
int report(const Error& error, const Source& source);

// Of a command whose 1 says that something was found: what can't be done is 2 there.
int without_finding(int code);

// Lines on stderr that are no error: "bulkhead: ...". With their newlines.
void say(std::string_view text);
// A line on stderr that isn't the end: "bulkhead: warning: ...".
void warn(std::string_view text);

}  // namespace bulkhead::app
