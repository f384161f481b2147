// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace bulkhead::ext {

// Fills in what a row says of an option: "{}" is the argument, what stands in other braces ("{!}",
// "{not }") is kept where it is negated and left out where it isn't.
inline std::string fill_in(std::string_view form, bool negated, std::string_view argument) {
  std::string text;
  while (!form.empty()) {
    const size_t open = form.find('{');
    text += form.substr(0, open);
    if (open == std::string_view::npos) break;
    const size_t close = form.find('}', open);
    const std::string_view inside = form.substr(open + 1, close - open - 1);
    if (inside.empty()) {
      text += argument;
    } else if (negated) {
      text += inside;
    }
    form.remove_prefix(close + 1);
  }
  return text;
}

}  // namespace bulkhead::ext
