// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/report.h"

#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "app/console.h"

namespace bulkhead::app {

void say(std::string_view text) {
  fmt::print(stderr, "{}: {}", Paint(wants_color(Color::kAuto, STDERR_FILENO)).strong("bulkhead"),
             text);
}

int exit_code(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kUsage: return kWrongUse;
    case ErrorKind::kRefused:
    case ErrorKind::kSystem: return kFailed;
    case ErrorKind::kPermission:
    case ErrorKind::kStale:
    case ErrorKind::kUnclear:
    case ErrorKind::kDamaged:
    case ErrorKind::kBusy: return kNoResource;
  }
  return kFailed;
}

int without_finding(int code) { return code == kFailed ? kWrongUse : code; }

int report(const Error& error) {
  Error whole = error;
  whole.span = {};
  return report(whole, Source("", ""));
}

int report(const Error& error, const Source& source) {
  say(render(error, source));
  return exit_code(error);
}

void warn(std::string_view text) { say(fmt::format("warning: {}\n", text)); }

}  // namespace bulkhead::app
