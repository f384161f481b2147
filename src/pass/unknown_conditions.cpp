// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/unknown_conditions.h"

#include <algorithm>

namespace bulkhead::pass {

namespace {

ir::Condition unknown_condition() { return ir::Opaque{.name = "unknown", .bytes = {}}; }

// `-p sctp`, or its negation.
bool is_about(const ir::Condition& condition, const std::set<uint8_t>& protocols) {
  const auto* constraint = std::get_if<ir::Constraint>(&condition);
  if (constraint == nullptr || constraint->field != &ir::kProtocol) return false;
  constexpr unsigned kBits = 8;
  return std::ranges::any_of(protocols, [&](uint8_t protocol) {
    const ir::ValueSet one = ir::ValueSet::of(protocol);
    return constraint->values == one || constraint->values == one.complement(kBits);
  });
}

}  // namespace

void take_as_unknown(const UnknownConditions& unknown, ir::Ruleset& rules) {
  if (unknown.empty()) return;
  for (ir::Table& table : rules.tables) {
    for (ir::Chain& chain : table.chains) {
      for (ir::Rule& rule : chain.rules) {
        for (ir::Condition& condition : rule.head.predicate) {
          if (is_about(condition, unknown.protocols)) condition = unknown_condition();
        }
        for (ir::Match& match : rule.matches) {
          if (unknown.matches.contains(match.name)) match.predicate = {unknown_condition()};
        }
      }
    }
  }
}

}  // namespace bulkhead::pass
