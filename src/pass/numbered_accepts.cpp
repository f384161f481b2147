// SPDX-License-Identifier: GPL-2.0-or-later
#include "pass/numbered_accepts.h"

#include <fmt/format.h>

namespace bulkhead::pass {

namespace {

// No chain of a user's has a blank in its name.
std::string chain_name(size_t number) { return fmt::format(" {}", number); }

// A target that decides nothing, that no condition asks for and that no rule of table filter can
// have: a zone, which is for table raw.
ir::Action mark(size_t number) {
  return ir::Zone{.direction = ir::Zone::Direction::kBoth, .number = static_cast<uint16_t>(number)};
}

}  // namespace

NumberedAccepts numbered_accepts(const ir::Ruleset& rules) {
  constexpr size_t kMost = 1 << 16;
  NumberedAccepts result{rules, {}};
  ir::Table* filter = result.rules.find("filter");
  if (filter == nullptr) return result;
  std::vector<ir::Chain> added;
  for (size_t chain = 0; chain < filter->chains.size(); ++chain) {
    std::vector<ir::Rule>& list = filter->chains[chain].rules;
    for (size_t i = 0; i < list.size() && result.places.size() < kMost; ++i) {
      if (!std::holds_alternative<ir::Accept>(list[i].target.action)) continue;
      const size_t number = result.places.size();
      result.places.push_back({chain, i});
      ir::Rule marks;
      marks.target.action = mark(number);
      ir::Rule accepts;
      accepts.target.action = ir::Accept{};
      added.push_back({.name = chain_name(number), .policy = {}, .rules = {marks, accepts}});
      list[i].target.action = ir::Jump{chain_name(number), false};
    }
  }
  for (ir::Chain& chain : added) filter->chains.push_back(std::move(chain));
  return result;
}

std::optional<size_t> accepted_by(const set::Outcome& outcome, const NumberedAccepts& numbered,
                                  set::Model& model) {
  for (const ir::Action& action : model.tags(outcome.effect)) {
    const auto* zone = std::get_if<ir::Zone>(&action);
    if (zone != nullptr && zone->number < numbered.places.size() && action == mark(zone->number))
      return zone->number;
  }
  return std::nullopt;
}

}  // namespace bulkhead::pass
