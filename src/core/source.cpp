// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/source.h"

#include <algorithm>

#include <fmt/format.h>

namespace bulkhead {

namespace {

// One column a byte, so that the caret stands where the byte is: tabs and control bytes become one
// cell.
std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '\t') {
      c = ' ';
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      c = '?';
    }
  }
  return out;
}

}  // namespace

Source::Source(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (uint32_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

Position Source::position(uint32_t offset) const {
  auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = static_cast<uint32_t>(after - line_starts_.begin());
  return {line, offset - line_starts_[line - 1] + 1};
}

std::string_view Source::line(uint32_t number) const {
  if (number == 0 || number > line_starts_.size()) return {};
  std::string_view rest = text();
  rest.remove_prefix(line_starts_[number - 1]);
  return rest.substr(0, rest.find('\n'));
}

std::string render(const Error& error, const Source& source) {
  std::string out;
  if (error.span.empty()) {
    out = error.message + '\n';
  } else {
    const Position at = source.position(error.span.begin);
    const std::string line = printable(source.line(at.line));
    const auto room = line.size() >= at.column ? line.size() - at.column + 1 : 1;
    const auto width = std::clamp<size_t>(error.span.end - error.span.begin, 1, room);
    out = fmt::format("{}:{}:{}: {}\n  {}\n  {:>{}}{:~>{}}\n", source.name(), at.line, at.column,
                      error.message, line, '^', at.column, "", width - 1);
  }
  if (!error.hint.empty()) out += fmt::format("  hint: {}\n", error.hint);
  return out;
}

}  // namespace bulkhead
