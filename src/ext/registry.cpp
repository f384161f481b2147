// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <vector>

#include "ext/row.h"

namespace bulkhead::ext {

// rows.inc is written by the build: one line for each file of ext/match and ext/target.
#define BULKHEAD_MATCH(name) \
  namespace match_##name {   \
    const Match& row();      \
  }
#define BULKHEAD_TARGET(name) \
  namespace target_##name {   \
    const Target& row();      \
  }
#include "ext/rows.inc"
#undef BULKHEAD_MATCH
#undef BULKHEAD_TARGET

namespace {

template <class Row> std::vector<const Row*> sorted(std::vector<const Row*> rows) {
  std::ranges::stable_sort(rows, {}, [](const Row* row) { return row->name; });
  return rows;
}

bool is_of(Families families, net::Family family) {
  switch (families) {
    case Families::kBoth: return true;
    case Families::kIpv4: return family == net::Family::kIpv4;
    case Families::kIpv6: return family == net::Family::kIpv6;
  }
  return false;
}

}  // namespace

std::span<const Match* const> matches() {
  static const std::vector<const Match*> rows = sorted<Match>({
#define BULKHEAD_MATCH(name) &match_##name::row(),
#define BULKHEAD_TARGET(name)
#include "ext/rows.inc"
#undef BULKHEAD_MATCH
#undef BULKHEAD_TARGET
  });
  return rows;
}

std::span<const Target* const> targets() {
  static const std::vector<const Target*> rows = sorted<Target>({
#define BULKHEAD_MATCH(name)
#define BULKHEAD_TARGET(name) &target_##name::row(),
#include "ext/rows.inc"
#undef BULKHEAD_MATCH
#undef BULKHEAD_TARGET
  });
  return rows;
}

const Match* find_match(std::string_view name, net::Family family) {
  for (const Match* match : matches()) {
    if (!is_of(match->families, family)) continue;
    if (match->name == name || std::ranges::find(match->aliases, name) != match->aliases.end())
      return match;
  }
  return nullptr;
}

const Target* find_target(std::string_view name, net::Family family) {
  for (const Target* target : targets()) {
    if (is_of(target->families, family) && target->name == name) return target;
  }
  return nullptr;
}

const Option* find_option(std::span<const Option> options, std::string_view spelling) {
  const auto spellings_with = [&](const Option& option, auto&& test) {
    return test(option.name) || std::ranges::any_of(option.aliases, test);
  };
  const Option* found = nullptr;
  bool ambiguous = false;
  for (const Option& option : options) {
    if (spellings_with(option, [&](std::string_view name) { return name == spelling; }))
      return &option;
    if (!spellings_with(option, [&](std::string_view name) { return name.starts_with(spelling); }))
      continue;
    ambiguous = ambiguous || found != nullptr;
    found = &option;
  }
  return ambiguous ? nullptr : found;
}

const Option* option_named(std::span<const Option> options, std::string_view name) {
  for (const Option& option : options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

}  // namespace bulkhead::ext
