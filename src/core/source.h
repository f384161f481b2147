// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/span.h"

namespace bulkhead {

struct Position {
  uint32_t line = 1;    // from 1
  uint32_t column = 1;  // from 1, in bytes
};

// A text that a user wrote, with the name to show for it: a file's path, "-" or "command line" (the
// argv words joined by single spaces).
class Source {
 public:
  Source(std::string name, std::string text);

  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }
  Position position(uint32_t offset) const;
  std::string_view line(uint32_t number) const;  // from 1, without its newline

 private:
  std::string name_;
  std::string text_;
  std::vector<uint32_t> line_starts_;
};

// "name:line:column: message", the line, a caret under the span, and the hint, each on a line of
// its own. Without a span: the message and the hint. Control bytes in the quoted line are shown as
// '?'.
std::string render(const Error& error, const Source& source);

}  // namespace bulkhead
