// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/list_name.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "ext/error.h"

namespace bulkhead::ext {

Result<std::string> parse_list_name(std::string_view word, size_t first, size_t last,
                                    const Context& context) {
  const auto is_bad = [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '"'; };
  if (std::ranges::any_of(word, is_bad)) {
    return usage_error(fmt::format("{}: Bad value for \"--{}\" option: \"{}\"", context.row,
                                   context.option, word));
  }
  return parse_text(word, first, last, context);
}

Result<void> check_list_name(std::string_view name) {
  if (!name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos)
    return {};
  return kernel_refusal(EINVAL, fmt::format("a list can't have the name \"{}\"", name));
}

}  // namespace bulkhead::ext
