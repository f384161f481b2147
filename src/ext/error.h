// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <utility>

#include "core/result.h"

namespace bulkhead::ext {

// The user's words are wrong: iptables-legacy exits with 2. `message` is its text, full stop and
// all.
inline Error usage_error(std::string message) {
  return {.kind = ErrorKind::kUsage, .message = std::move(message)};
}

// The words are understood and the kernel would refuse them: iptables-legacy exits with 1 and says
// what strerror(3) says of `errno_value`; the message is ours and says why.
inline Error kernel_refusal(int errno_value, std::string message) {
  return {.kind = ErrorKind::kRefused, .message = std::move(message), .errno_value = errno_value};
}

}  // namespace bulkhead::ext
