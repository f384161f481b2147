// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/always_quoted.h"

namespace bulkhead::ext {

std::string always_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string unquoted(std::string_view quoted) {
  std::string text;
  for (size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] == '\\') ++i;
    text += quoted[i];
  }
  return text;
}

}  // namespace bulkhead::ext
