// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace bulkhead::ext {

// Letters of ASCII only, whatever the locale.
constexpr char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Does `text` begin with `beginning`? Upper and lower case are the same, as for strncasecmp(3).
constexpr bool begins_with(std::string_view text, std::string_view beginning) {
  if (beginning.size() > text.size()) return false;
  for (size_t i = 0; i < beginning.size(); ++i) {
    if (lower_case(text[i]) != lower_case(beginning[i])) return false;
  }
  return true;
}

constexpr bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && begins_with(a, b);
}

}  // namespace bulkhead::ext
