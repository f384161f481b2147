// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <utility>

#include "core/result.h"

namespace bulkhead::lang {

// The words are wrong (exit code 2).
inline Error usage(std::string message, Span span = {}) {
  return {.kind = ErrorKind::kUsage, .message = std::move(message), .span = span};
}

// The words are understood, and the ruleset or the kernel's rules don't allow it (exit code 1).
// With an errno_value, iptables says only what strerror(3) says; the message is ours and says more.
inline Error refused(std::string message, Span span = {}, int errno_value = 0) {
  return {.kind = ErrorKind::kRefused,
          .message = std::move(message),
          .span = span,
          .errno_value = errno_value};
}

// An error of a lower layer that knows the text but not where it stands.
inline Error placed(Error error, Span span) {
  if (error.span.empty()) error.span = span;
  return error;
}

}  // namespace bulkhead::lang
