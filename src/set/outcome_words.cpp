// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/outcome_words.h"

#include <set>

#include <fmt/format.h>

#include "ir/dump.h"

namespace bulkhead::set {

namespace {

std::string decision_words(const ir::Action& action) {
  if (std::holds_alternative<ir::Accept>(action)) return "accepted";
  if (std::holds_alternative<ir::Drop>(action)) return "dropped";
  if (const auto* reject = std::get_if<ir::Reject>(&action)) {
    if (reject->tcp_reset) return "rejected (tcp-reset)";
    return fmt::format("rejected (icmp code {})", unsigned{reject->icmp_code});
  }
  if (const auto* target = std::get_if<ir::OpaqueTarget>(&action))
    return fmt::format("handed to {}", target->name);
  return ir::dump(action);
}

std::string write_words(const Space& space, const Outcomes& outcomes, const Write& write) {
  if (write.dimension == kDoubt || write.atom == Write::kUnknown) return "";
  if (write.dimension >= kFirstTag) return ir::dump(outcomes.action(write.dimension - kFirstTag));
  const Dimension& dimension = space.dimensions()[write.dimension];
  if (!write.known()) return ir::dump(outcomes.maker(write));
  const std::string what = dimension.field != nullptr
                               ? std::string(dimension.field->words)
                               : fmt::format("bits from {} on", unsigned{dimension.first});
  return fmt::format("{} {:#x}", what, static_cast<uint64_t>(dimension.atoms[write.atom].first));
}

std::string outcome_words(const Space& space, const Outcomes& outcomes, const Outcome& outcome) {
  std::string text = outcome.flow == Flow::kDecided
                         ? decision_words(outcomes.action(outcome.decision))
                         : "not decided";
  std::set<std::string> said;  // one action may write several dimensions
  for (const Write& write : outcomes.writes(outcome.effect)) {
    const std::string part = write_words(space, outcomes, write);
    if (!part.empty() && said.insert(part).second) text += ", " + part;
  }
  return text;
}

}  // namespace

std::string words(const Space& space, const Outcomes& outcomes, Node end) {
  std::string text;
  for (const Outcome& outcome : outcomes.possible(end))
    text += (text.empty() ? "" : " or ") + outcome_words(space, outcomes, outcome);
  return text;
}

}  // namespace bulkhead::set
