// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/numbered_accepts.h"

#include <algorithm>

#include <fmt/format.h>

namespace bulkhead::pass {

namespace {

// No chain of a user's has a blank in its name.
std::string chain_name(size_t number) { return fmt::format(" {}", number); }

// Accepts itself, or hands the packet to somebody who may.
bool may_accept(const ir::Action& action) {
  if (const auto* target = std::get_if<ir::OpaqueTarget>(&action)) return target->decides;
  return std::holds_alternative<ir::Accept>(action);
}

}  // namespace

NumberedAccepts numbered_accepts(const ir::Ruleset& rules) {
  constexpr size_t kMost = UINT16_MAX;
  NumberedAccepts result{rules, {}};
  ir::Table* filter = result.rules.find("filter");
  if (filter == nullptr) return result;
  std::vector<ir::Chain> added;
  for (size_t chain = 0; chain < filter->chains.size(); ++chain) {
    std::vector<ir::Rule>& list = filter->chains[chain].rules;
    for (size_t i = 0; i < list.size() && result.places.size() < kMost; ++i) {
      if (!may_accept(list[i].target.action)) continue;
      const size_t number = result.places.size();
      result.places.push_back(
          {chain, i, !std::holds_alternative<ir::Accept>(list[i].target.action)});
      ir::Rule labels;
      labels.target.action = ir::Continue{.label = static_cast<uint32_t>(number + 1)};
      ir::Rule accepts;
      accepts.target.action = list[i].target.action;
      added.push_back({.name = chain_name(number), .policy = {}, .rules = {labels, accepts}});
      list[i].target.action = ir::Jump{chain_name(number), false};
    }
  }
  for (ir::Chain& chain : added) filter->chains.push_back(std::move(chain));
  return result;
}

// An accepting rule is the last that the packet meets. Of those that hand it over the last one is
// taken for it: from each of them it may have come back.
std::optional<size_t> accepted_by(const set::Outcome& outcome, const NumberedAccepts& numbered,
                                  set::Model& model) {
  std::optional<size_t> last, handed;
  for (const ir::Action& action : model.tags(outcome.effect)) {
    const auto* it = std::get_if<ir::Continue>(&action);
    if (it == nullptr || it->label == 0) continue;
    const size_t number = it->label - size_t{1};
    std::optional<size_t>& which = numbered.places[number].hands_over ? handed : last;
    which = std::max(which.value_or(0), number);
  }
  return last ? last : handed;
}

}  // namespace bulkhead::pass
