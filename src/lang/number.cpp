// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/number.h"

#include <cerrno>
#include <cstdlib>
#include <string>

namespace bulkhead::lang {

std::optional<uint64_t> parse_number(std::string_view word, uint64_t lowest, uint64_t highest) {
  const std::string text(word);
  const size_t start = text.find_first_not_of(" \t\n\v\f\r");
  if (start == std::string::npos || text[start] == '-') return std::nullopt;
  char* end = nullptr;
  errno = 0;
  const uint64_t value = std::strtoull(text.c_str(), &end, 0);
  if (end == text.c_str() || *end != '\0' || errno == ERANGE) return std::nullopt;
  if (value < lowest || value > highest) return std::nullopt;
  return value;
}

std::optional<uint64_t> leading_number(std::string_view word) {
  const std::string text(word);
  char* end = nullptr;
  const uint64_t value = std::strtoull(text.c_str(), &end, 10);
  if (end == text.c_str()) return std::nullopt;
  return value;
}

std::optional<int64_t> leading_integer(std::string_view word) {
  const std::string text(word);
  char* end = nullptr;
  const int64_t value = std::strtoll(text.c_str(), &end, 0);
  if (end == text.c_str()) return std::nullopt;
  return value;
}

}  // namespace bulkhead::lang
