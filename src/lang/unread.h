// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "core/span.h"

namespace bulkhead::lang {

// Something of a rule that a lenient reading (RestoreOptions::unread) made do without: a match that
// can't be read became a condition of which nobody knows whether it holds, a target that can't be
// enforced one that does its work out of sight and goes on.
struct Unread {
  Span span;
  std::string why;  // what the error would have said
  bool target = false;
};

}  // namespace bulkhead::lang
