// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/text.h"

#include <fmt/format.h>

#include "ext/error.h"

namespace bulkhead::ext {

Result<std::string> parse_text(std::string_view word, size_t first, size_t last,
                               const Context& context) {
  if (word.size() < first) {
    return usage_error(fmt::format("Argument must have a minimum length of {} characters", first));
  }
  // iptables refuses it for LOG only, and for the others writes a save file that it can't read
  // again.
  if (word.find('\n') != std::string_view::npos) {
    return usage_error(fmt::format("Newlines not allowed in --{}", context.option));
  }
  return std::string(word.substr(0, last));
}

std::string quoted(std::string_view text) {
  constexpr std::string_view kBare =
      "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (!text.empty() && text.find_first_not_of(kBare) == std::string_view::npos)
    return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string say_text(std::string_view canonical, const Context&) {
  return fmt::format("\"{}\"", canonical);
}

}  // namespace bulkhead::ext
