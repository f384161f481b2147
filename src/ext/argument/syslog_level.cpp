// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/syslog_level.h"

#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

struct Level {
  std::string_view typed;
  uint8_t level;
};

// The names that --log-level takes: "error" and "warning", but neither "err" nor "warn".
constexpr Level kTyped[] = {
    {"emerg", 0},   {"panic", 0},  {"alert", 1}, {"crit", 2},  {"error", 3},
    {"warning", 4}, {"notice", 5}, {"info", 6},  {"debug", 7},
};
// The names that -L shows: the first of each level in syslog.h's prioritynames.
constexpr std::string_view kShown[] = {"emerg", "alert",  "crit", "err",
                                       "warn",  "notice", "info", "debug"};

}  // namespace

Result<std::string> parse_syslog_level(std::span<const std::string_view> words, const Context&) {
  const std::string_view word = words[0];
  if (const std::optional<uint64_t> number = whole_number(word, 0, 7))
    return fmt::format("{}", *number);
  for (const Level& entry : kTyped) {
    if (entry.typed == word) return fmt::format("{}", entry.level);
  }
  return usage_error(fmt::format("log level \"{}\" unknown", word));
}

std::string list_syslog_level(std::string_view canonical, bool numeric, const Context&) {
  if (numeric) return std::string(canonical);
  return std::string(kShown[canonical_number(canonical)]);
}

}  // namespace bulkhead::ext
