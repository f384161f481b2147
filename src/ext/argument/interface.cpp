// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/interface.h"

#include <algorithm>

#include <fmt/format.h>

#include "ext/error.h"

namespace bulkhead::ext {

Result<std::string> parse_interface(std::span<const std::string_view> words, const Context&) {
  constexpr size_t kLongest = 15;  // IFNAMSIZ less the final zero
  const std::string_view name = words[0];
  if (name.empty()) return usage_error("Empty interface is likely to be undesired");
  if (name.size() > kLongest) {
    return usage_error(
        fmt::format("interface name `{}' must be shorter than IFNAMSIZ ({})", name, kLongest));
  }
  // The kernel has no such names, and -S could not show them so that they are read back.
  const auto is_bad = [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '"'; };
  if (std::ranges::any_of(name, is_bad)) {
    return usage_error(
        fmt::format("interface name `{}' has a character that no interface can have", name));
  }
  return std::string(name);
}

std::string interface_warning(std::string_view name) {
  if (name.find('/') == std::string_view::npos) return {};
  return fmt::format(
      "Warning: weird character in interface `{}' ('/' and ' ' are not allowed by the kernel).",
      name);
}

}  // namespace bulkhead::ext
