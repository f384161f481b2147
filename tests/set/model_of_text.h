// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Packet sets of rules that are written as text.

#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include "ir/verify.h"
#include "lang/language.h"
#include "set/cube.h"
#include "set/model.h"
#include "set/witness.h"

namespace bulkhead::testing {

// "-A INPUT -p tcp -j DROP\n..." of table filter, its user chains declared by `-N NAME` lines
// before them, as a ruleset. Other tables as whole restore files.
inline ir::Ruleset rules_of(std::string text, net::Family family = net::Family::kIpv4) {
  if (!text.starts_with('*')) text = "*filter\n" + text + "\nCOMMIT\n";
  ir::Ruleset rules{.family = family};
  const std::string error = lang::load(rules, text);
  if (!error.empty()) throw std::invalid_argument(error);
  if (const auto sound = ir::verify(rules); !sound)
    throw std::invalid_argument(sound.error().message);
  return rules;
}

// A model of one ruleset, which it owns.
struct ModelOfText {
  explicit ModelOfText(const std::string& text, net::Family family = net::Family::kIpv4,
                       set::ModelOptions options = {})
      : rules(rules_of(text, family)), model(family, {&rules}, {}, options) {}

  const ir::Table& filter() const { return *rules.find("filter"); }
  const ir::Rule& rule(std::string_view chain, size_t index) const {
    return filter().find(chain)->rules.at(index);
  }
  // What a rule's conditions hold for.
  set::Node holds(std::string_view chain, size_t index) {
    return model.of(rule(chain, index)).holds;
  }
  // The set in words, one product a line.
  std::string words(set::Node set, set::Node care = set::kEverything) {
    std::string out;
    for (const set::Cube& cube : set::cover(model, set, care, 10).cubes)
      out += set::words(model.space(), cube) + "\n";
    return out;
  }
  set::Node passing(set::Node function) {
    return model.where(function, [&](std::span<const set::Outcome> possible) {
      return std::ranges::any_of(possible, [&](const set::Outcome& outcome) {
        return set::may_pass(outcome, model.outcomes());
      });
    });
  }

  ir::Ruleset rules;
  set::Model model;
};

}  // namespace bulkhead::testing
