// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/word_list.h"

#include <algorithm>

#include "ext/argument/split.h"
#include "ext/argument/word.h"

namespace bulkhead::ext {

std::optional<uint32_t> parse_bits(std::span<const BitName> names, std::string_view list,
                                   std::string_view& wrong) {
  uint32_t bits = 0;
  for (const std::string_view part : split(list, ',')) {
    const auto meant = [&](const BitName& entry) { return begins_with(entry.name, part); };
    const auto found = std::ranges::find_if(names, meant);
    if (part.empty() || found == names.end()) {
      wrong = list.substr(static_cast<size_t>(part.data() - list.data()));
      return std::nullopt;
    }
    bits |= found->bits;
  }
  return bits;
}

std::string print_bits(std::span<const BitName> names, uint32_t bits) {
  std::string text;
  for (const BitName& entry : names) {
    if ((bits & entry.bits) == 0) continue;
    if (!text.empty()) text += ',';
    text += entry.name;
  }
  return text;
}

std::string say_words(std::string_view list, const Context&) {
  return say_alternatives(list, [](std::string_view word) { return word; });
}

}  // namespace bulkhead::ext
