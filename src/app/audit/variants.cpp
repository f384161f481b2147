// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/audit/variants.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "set/space.h"

namespace bulkhead::app::audit {

namespace {

// Of hashlimit and connlimit: `! --hashlimit-upto` is `--hashlimit-above`.
bool is_above(const ir::Match& match) {
  return std::ranges::any_of(match.arguments, [](const ir::Argument& it) {
    const bool above = it.option == "hashlimit-above" || it.option == "connlimit-above";
    const bool upto =
        it.option == "hashlimit-upto" || it.option == "hashlimit" || it.option == "connlimit-upto";
    return (above || upto) && above != it.negated;
  });
}

// What `recent` does with its list, and which one that is.
struct Recent {
  std::string deed;
  bool negated = false;
  RecentList list;
};
Recent read_recent(const ir::Match& match) {
  Recent found;
  for (const ir::Argument& argument : match.arguments) {
    if (argument.option == "set" || argument.option == "rcheck" || argument.option == "update" ||
        argument.option == "remove") {
      found.deed = argument.option;
      found.negated = argument.negated;
    }
    if (argument.option == "name") found.list.name = argument.text;
    if (argument.option == "rdest") found.list.of_destinations = true;
  }
  return found;
}

// Whether a match that the kernel decides holds at this pace; none: that doesn't say so.
std::optional<bool> holds_at(const ir::Match& match, Pace pace, const std::set<RecentList>& lists) {
  const bool fast = pace == Pace::kFast;
  if (match.name == "limit") return !fast;
  if (match.name == "hashlimit" || match.name == "connlimit") return is_above(match) == fast;
  if (match.name != "recent") return {};
  const Recent recent = read_recent(match);
  if (recent.deed == "set") return !recent.negated;
  if (recent.deed == "remove" || !lists.contains(recent.list)) return {};
  return fast != recent.negated;
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

std::set<RecentList> recent_lists(const ir::Ruleset& rules) {
  std::set<RecentList> found;
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) {
      for (const ir::Rule& rule : chain.rules) {
        for (const ir::Match& match : rule.matches)
          if (match.name == "recent" && read_recent(match).deed == "set")
            found.insert(read_recent(match).list);
      }
    }
  }
  return found;
}

ir::Ruleset at_pace(const ir::Ruleset& rules, Pace pace, const std::set<RecentList>& lists) {
  ir::Ruleset changed = rules;
  for (ir::Table& table : changed.tables) {
    for (ir::Chain& chain : table.chains) {
      std::erase_if(chain.rules, [&](const ir::Rule& rule) {
        return std::ranges::any_of(rule.matches, [&](const ir::Match& match) {
          if (std::ranges::none_of(match.predicate, set::remembers)) return false;
          const auto holds = holds_at(match, pace, lists);
          return holds ? !*holds : stops(rule);
        });
      });
      for (ir::Rule& rule : chain.rules) {
        for (ir::Match& match : rule.matches) std::erase_if(match.predicate, set::remembers);
      }
    }
  }
  return changed;
}

ir::Ruleset dropping_noted(const ir::Ruleset& rules, const RecentList& list) {
  ir::Ruleset changed = rules;
  for (ir::Table& table : changed.tables) {
    for (ir::Chain& chain : table.chains) {
      for (ir::Rule& rule : chain.rules) {
        const bool notes = std::ranges::any_of(rule.matches, [&](const ir::Match& match) {
          if (match.name != "recent") return false;
          const Recent recent = read_recent(match);
          return recent.deed == "set" && !recent.negated && recent.list == list;
        });
        if (notes) rule.target.action = ir::Drop{};
      }
    }
  }
  return changed;
}

bool has_bound(const ir::Rule& rule) {
  return std::ranges::any_of(rule.matches, [](const ir::Match& match) {
    return holds_at(match, Pace::kSlow, {}) == true && holds_at(match, Pace::kFast, {}) == false;
  });
}

bool logs(const ir::Rule& rule) {
  return std::holds_alternative<ir::Log>(rule.target.action) ||
         std::holds_alternative<ir::NetlinkLog>(rule.target.action);
}

ir::Ruleset with_logs(const ir::Ruleset& rules, std::string_view table, const ir::Action& action) {
  ir::Ruleset changed = rules;
  ir::Table* const there = changed.find(table);
  if (there == nullptr) return changed;
  for (ir::Chain& chain : there->chains) {
    for (ir::Rule& rule : chain.rules)
      if (logs(rule)) rule.target.action = action;
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

ir::Ruleset with_open_end(const ir::Ruleset& rules) {
  ir::Ruleset changed = rules;
  ir::Table* const table = changed.find("filter");
  if (table == nullptr) return changed;
  ir::Chain& input = *table->find("INPUT");
  const auto of_all = [](const ir::Rule& rule) {
    return rule.head.predicate.empty() && rule.matches.empty() &&
           !std::holds_alternative<ir::Jump>(rule.target.action);
  };
  size_t end = input.rules.size();
  while (end > 0 && of_all(input.rules[end - 1])) --end;
  const auto tail = input.rules.begin() + static_cast<long>(end);
  input.rules.erase(std::find_if(tail, input.rules.end(), decides), input.rules.end());
  input.policy = ir::Policy::kAccept;
  return changed;
}

}  // namespace bulkhead::app::audit
