// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::ext {

// The parts between the separators; at least one, and some may be empty.
inline std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

// The parts put together again, each as `map` writes it.
template <class Map>
std::string join_mapped(std::string_view text, char separator, const Map& map) {
  std::string joined;
  for (const std::string_view part : split(text, separator)) {
    if (part.data() != text.data()) joined += separator;
    joined += map(part);
  }
  return joined;
}

// "a, b or c" of a list with commas, each part as `map` writes it.
template <class Map> std::string say_alternatives(std::string_view list, const Map& map) {
  const std::vector<std::string_view> parts = split(list, ',');
  std::string said;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) said += i + 1 == parts.size() ? " or " : ", ";
    said += map(parts[i]);
  }
  return said;
}

}  // namespace bulkhead::ext
