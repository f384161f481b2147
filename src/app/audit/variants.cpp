// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/audit/variants.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

namespace bulkhead::app::audit {

namespace {

bool counts(const ir::Match& match) {
  static constexpr std::string_view kCounting[] = {"limit", "hashlimit", "recent", "connlimit"};
  return std::ranges::find(kCounting, match.name) != std::end(kCounting);
}

bool remembers(const ir::Condition& condition) {
  const auto* const opaque = std::get_if<ir::Opaque>(&condition);
  return opaque != nullptr && opaque->stateful;
}

bool stops(const ir::Rule& rule) {
  return std::holds_alternative<ir::Drop>(rule.target.action) ||
         std::holds_alternative<ir::Reject>(rule.target.action);
}

bool decides(const ir::Rule& rule) {
  return stops(rule) || std::holds_alternative<ir::Accept>(rule.target.action);
}

bool names_port(const ir::Predicate& predicate) {
  const auto is_port = [](const ir::Constraint& it) {
    return it.field == &ir::kDestinationPort && it.mask != 0;
  };
  return std::ranges::any_of(predicate, [&](const ir::Condition& condition) {
    if (const auto* const one = std::get_if<ir::Constraint>(&condition)) return is_port(*one);
    const auto* const any = std::get_if<ir::AnyOf>(&condition);
    return any != nullptr && std::ranges::any_of(any->alternatives, is_port);
  });
}

bool names_port(const ir::Rule& rule) {
  return names_port(rule.head.predicate) ||
         std::ranges::any_of(rule.matches,
                             [](const ir::Match& it) { return names_port(it.predicate); });
}

// The chains that are called for some port, and those that they call.
std::set<std::string> chains_of_ports(const ir::Table& table) {
  std::set<std::string> found;
  size_t before = 0;
  do {
    before = found.size();
    for (const ir::Chain& chain : table.chains) {
      for (const ir::Rule& rule : chain.rules) {
        const auto* const jump = std::get_if<ir::Jump>(&rule.target.action);
        if (jump != nullptr && (names_port(rule) || found.contains(chain.name)))
          found.insert(jump->chain);
      }
    }
  } while (found.size() > before);
  return found;
}

}  // namespace

ir::Ruleset only_counts_unknown(const ir::Ruleset& rules) {
  ir::Ruleset changed = rules;
  for (ir::Table& table : changed.tables) {
    for (ir::Chain& chain : table.chains) {
      const auto unknown = [](const ir::Rule& rule) {
        return std::ranges::any_of(rule.matches, [](const ir::Match& match) {
          return !counts(match) && std::ranges::any_of(match.predicate, remembers);
        });
      };
      std::erase_if(chain.rules, [&](const ir::Rule& it) { return unknown(it) && stops(it); });
      for (ir::Rule& rule : chain.rules) {
        for (ir::Match& match : rule.matches)
          if (!counts(match)) std::erase_if(match.predicate, remembers);
      }
    }
  }
  return changed;
}

ir::Table naming_ports(const ir::Table& table) {
  const std::set<std::string> of_ports = chains_of_ports(table);
  ir::Table changed = table;
  for (ir::Chain& chain : changed.chains) {
    if (of_ports.contains(chain.name)) continue;
    std::erase_if(chain.rules,
                  [](const ir::Rule& rule) { return decides(rule) && !names_port(rule); });
  }
  return changed;
}

ir::Table without_end(const ir::Table& table) {
  ir::Table changed = table;
  std::vector<ir::Rule>& rules = changed.find("INPUT")->rules;
  const auto of_all = [](const ir::Rule& rule) {
    return rule.head.predicate.empty() && rule.matches.empty() &&
           !std::holds_alternative<ir::Jump>(rule.target.action);
  };
  while (!rules.empty() && of_all(rules.back())) rules.pop_back();
  return changed;
}

}  // namespace bulkhead::app::audit
