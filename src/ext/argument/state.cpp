// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/state.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/split.h"
#include "ext/argument/word.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

using ir::CtState;

struct StateName {
  std::string_view name;
  CtState state;
};

// In the order of -S. Each begins with a letter of its own, so the order of asking doesn't matter.
constexpr StateName kStates[] = {
    {"INVALID", CtState::kInvalid},     {"NEW", CtState::kNew},
    {"RELATED", CtState::kRelated},     {"ESTABLISHED", CtState::kEstablished},
    {"UNTRACKED", CtState::kUntracked},
};

// conntrack's states of address translation: bits of the connection's status, not values of its
// state.
constexpr std::string_view kTranslationStates[] = {"SNAT", "DNAT"};

std::optional<uint32_t> find_state(std::string_view word) {
  if (word.empty()) return std::nullopt;
  for (const StateName& entry : kStates) {
    if (begins_with(entry.name, word)) return static_cast<uint32_t>(entry.state);
  }
  return std::nullopt;
}

std::string print_states(uint32_t states) {
  std::string text;
  for (const StateName& entry : kStates) {
    if ((states & static_cast<uint32_t>(entry.state)) == 0) continue;
    if (!text.empty()) text += ',';
    text += entry.name;
  }
  return text;
}

}  // namespace

Result<std::string> parse_state(std::span<const std::string_view> words, const Context&) {
  const std::string_view word = words[0];
  uint32_t states = 0;
  for (const std::string_view part : split(word, ',')) {
    const std::optional<uint32_t> state = find_state(part);
    if (!state) {
      const std::string_view rest = word.substr(static_cast<size_t>(part.data() - word.data()));
      if (rest.empty()) {
        return usage_error(
            "\"--state\" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED");
      }
      return usage_error(fmt::format("Bad state \"{}\"", rest));
    }
    states |= *state;
  }
  return print_states(states);
}

Result<std::string> parse_ctstate(std::span<const std::string_view> words, const Context&) {
  const std::string_view word = words[0];
  uint32_t states = 0;
  for (const std::string_view part : split(word, ',')) {
    const std::optional<uint32_t> state = find_state(part);
    if (!state) {
      for (const std::string_view name : kTranslationStates) {
        if (!part.empty() && begins_with(name, part)) {
          return usage_error(fmt::format("ctstate {} is not supported yet", name));
        }
      }
      const std::string_view rest = word.substr(static_cast<size_t>(part.data() - word.data()));
      return usage_error(fmt::format("Bad ctstate \"{}\"", rest));
    }
    states |= *state;
  }
  return print_states(states);
}

Values state_values(std::string_view canonical, const Context&) {
  std::vector<ir::Interval> intervals;
  for (const std::string_view part : split(canonical, ',')) {
    if (const std::optional<uint32_t> state = find_state(part))
      intervals.push_back({*state, *state});
  }
  return {.values = ir::ValueSet(std::move(intervals))};
}

std::string say_states(std::string_view canonical, const Context&) {
  const std::vector<std::string_view> parts = split(canonical, ',');
  std::string said;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) said += i + 1 == parts.size() ? " or " : ", ";
    said += parts[i];
  }
  return said;
}

}  // namespace bulkhead::ext
