// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/console.h"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace bulkhead::app {

bool wants_color(Color color, int descriptor) {
  if (color != Color::kAuto) return color == Color::kAlways;
  const char* const refused = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  if (refused != nullptr && *refused != '\0') return false;
  return terminal != nullptr && std::string_view(terminal) != "dumb" && isatty(descriptor) == 1;
}

std::string Paint::dye(const char* code, std::string_view text) const {
  return on_ && !text.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return shown;
}

std::string counted(size_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

std::string short_number(uint64_t number) {
  if (number < 10'000) return std::to_string(number);
  auto value = static_cast<double>(number);
  const char* unit = "";
  for (const char* next : {"K", "M", "G", "T", "P", "E"}) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return value < 99.95 ? fmt::format("{:.1f}{}", value, unit)
                       : fmt::format("{:.0f}{}", value, unit);
}

std::string wrapped(std::string_view text, size_t indent, size_t width) {
  std::string out;
  size_t column = indent;
  while (!text.empty()) {
    const size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    if (column > indent && column + 1 + word.size() > width) {
      out += fmt::format("\n{:{}}", "", indent);
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return out;
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace bulkhead::app
