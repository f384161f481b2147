// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/state.h"

#include <fmt/format.h>

#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr uint32_t bit(ir::CtState state) { return static_cast<uint32_t>(state); }

// In the order of -S.
constexpr BitName kStateNames[] = {
    {"INVALID", bit(ir::CtState::kInvalid)},
    {"NEW", bit(ir::CtState::kNew)},
    {"RELATED", bit(ir::CtState::kRelated)},
    {"ESTABLISHED", bit(ir::CtState::kEstablished)},
    {"UNTRACKED", bit(ir::CtState::kUntracked)},
    {"SNAT", kSourceTranslated},
    {"DNAT", kDestinationTranslated},
};
constexpr auto kPacketStateNames = std::span(kStateNames).first<5>();

}  // namespace

Result<std::string> parse_state(std::span<const std::string_view> words, const Context&) {
  std::string_view wrong;
  if (const auto states = parse_bits(kPacketStateNames, words[0], wrong))
    return print_bits(kPacketStateNames, *states);
  if (wrong.empty()) {
    return usage_error(
        "\"--state\" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED");
  }
  return usage_error(fmt::format("Bad state \"{}\"", wrong));
}

Result<std::string> parse_ctstate(std::span<const std::string_view> words, const Context&) {
  std::string_view wrong;
  if (const auto states = parse_bits(kStateNames, words[0], wrong))
    return print_bits(kStateNames, *states);
  return usage_error(fmt::format("Bad ctstate \"{}\"", wrong));
}

uint32_t read_states(std::string_view canonical) {
  std::string_view wrong;
  return parse_bits(kStateNames, canonical, wrong).value_or(0);
}

Values state_values(std::string_view canonical, const Context&) {
  const uint32_t states = read_states(canonical);
  std::vector<ir::Interval> intervals;
  for (const BitName& entry : kPacketStateNames) {
    if ((states & entry.bits) != 0) intervals.push_back({entry.bits, entry.bits});
  }
  return {.values = ir::ValueSet(std::move(intervals))};
}

}  // namespace bulkhead::ext
