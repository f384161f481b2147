// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/plain_word.h"

#include <algorithm>

#include <fmt/format.h>

#include "ext/error.h"

namespace bulkhead::ext {

Result<std::string> parse_plain_word(std::string_view word, size_t last, const Context& context) {
  const auto is_bad = [](unsigned char c) {
    return c <= ' ' || c == 0x7f || c == '"' || c == '\'' || c == '\\';
  };
  if (word.empty() || std::ranges::any_of(word, is_bad)) {
    return usage_error(
        fmt::format("{}: the value of \"--{}\" is empty or has a character that -S can't print",
                    context.row, context.option));
  }
  return std::string(word.substr(0, last));
}

}  // namespace bulkhead::ext
