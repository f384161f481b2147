// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/number.h"

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cinttypes>

#include <fmt/format.h>

#include "ext/error.h"

namespace bulkhead::ext {

std::optional<Number> leading_number(std::string_view text, uint64_t last) {
  const std::string terminated(text);
  const char* begin = terminated.c_str();
  const char* p = begin;
  while (std::isspace(static_cast<unsigned char>(*p))) ++p;
  if (*p == '-') return std::nullopt;  // strtoumax would take it and wrap

  char* end = nullptr;
  errno = 0;
  const uint64_t value = std::strtoumax(begin, &end, 0);
  if (end == begin || errno == ERANGE || value > last) return std::nullopt;
  return Number{value, text.substr(static_cast<size_t>(end - begin))};
}

std::optional<uint64_t> whole_number(std::string_view text, uint64_t first, uint64_t last) {
  const std::optional<Number> number = leading_number(text, last);
  if (!number || !number->rest.empty() || number->value < first) return std::nullopt;
  return number->value;
}

uint64_t canonical_number(std::string_view text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Result<std::string> parse_number(std::string_view word, uint64_t first, uint64_t last,
                                 const Context& context) {
  if (const std::optional<uint64_t> value = whole_number(word, first, last)) {
    return fmt::format("{}", *value);
  }
  return usage_error(fmt::format("{}: bad value for option \"--{}\", or out of range ({}-{}).",
                                 context.row, context.option, first, last));
}

Values number_values(std::string_view canonical, const Context&) {
  return {.values = ir::ValueSet::of(canonical_number(canonical))};
}

}  // namespace bulkhead::ext
