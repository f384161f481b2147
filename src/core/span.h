// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace bulkhead {

// A place in one text that a user wrote: bytes [begin, end). The text itself is a core::Source;
// which one is known to whoever shows the diagnostic. An empty span at 0 means: no text to point
// at.
struct Span {
  uint32_t begin = 0;
  uint32_t end = 0;

  bool empty() const { return begin == end; }
  friend bool operator==(const Span&, const Span&) = default;
};

}  // namespace bulkhead
