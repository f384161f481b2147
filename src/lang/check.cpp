// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/check.h"

#include <algorithm>
#include <cerrno>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "ext/row.h"
#include "ir/verify.h"
#include "lang/error.h"

namespace bulkhead::lang {

namespace {

bool lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const size_t space = words.find(' ');
    if (words.substr(0, space) == word) return true;
    if (space == std::string_view::npos) return false;
    words.remove_prefix(space + 1);
  }
  return false;
}

const ext::Target* row_of(const ir::Rule& rule, net::Family family) {
  if (rule.target.name.empty() || std::holds_alternative<ir::Jump>(rule.target.action))
    return nullptr;
  return ext::find_target(rule.target.name, family);
}

Error misplaced(const ir::Rule& rule, Span span, std::string what) {
  return refused(std::move(what), span.empty() ? rule.span : span, EINVAL);
}

bool is_given(const ir::Match& match, std::string_view option) {
  return std::ranges::any_of(match.arguments, [&](const ir::Argument& argument) {
    return argument.option == option && !argument.negated;
  });
}

// Something of a rule that may be reached from some built-in chains only.
struct Bound {
  std::string what;  // "REJECT", "match mac", "--physdev-out"
  std::string_view hooks;
  Span span;
};

std::vector<Bound> bounds_of(const ir::Rule& rule, net::Family family) {
  std::vector<Bound> bounds;
  if (const ext::Target* row = row_of(rule, family); row != nullptr && !row->hooks.empty())
    bounds.push_back({std::string(row->name), row->hooks, rule.target.span});
  for (const ir::Match& match : rule.matches) {
    const ext::Match* row = ext::find_match(match.name, family);
    if (row == nullptr) continue;
    if (!row->hooks.empty()) {
      const Span first = match.arguments.empty() ? Span{} : match.arguments.front().span;
      bounds.push_back({fmt::format("match {}", row->name), row->hooks, first});
    }
    for (const ir::Argument& argument : match.arguments) {
      const ext::Option* option = ext::option_named(row->options, argument.option);
      if (option == nullptr || option->hooks.empty() || is_given(match, option->hooks_lifted_by))
        continue;
      bounds.push_back({fmt::format("--{}", option->name), option->hooks, argument.span});
    }
  }
  return bounds;
}

Result<void> check_tables(const ir::Table& table, net::Family family, bool& hooks_matter) {
  for (const ir::Chain& chain : table.chains) {
    for (const ir::Rule& rule : chain.rules) {
      if (!bounds_of(rule, family).empty()) hooks_matter = true;
      const ext::Target* row = row_of(rule, family);
      if (row == nullptr) continue;
      if (!row->tables.empty() && !lists(row->tables, table.name)) {
        return misplaced(rule, rule.target.span,
                         fmt::format("{} works only in table {}", row->name, row->tables));
      }
    }
  }
  return {};
}

// Walks every chain that a built-in chain leads to, once for each of them.
Result<void> check_hooks(const ir::Table& table, const ir::Chain& builtin, net::Family family) {
  std::unordered_set<const ir::Chain*> seen{&builtin};
  std::vector<const ir::Chain*> open{&builtin};
  while (!open.empty()) {
    const ir::Chain& chain = *open.back();
    open.pop_back();
    for (const ir::Rule& rule : chain.rules) {
      for (const Bound& bound : bounds_of(rule, family)) {
        if (lists(bound.hooks, builtin.name)) continue;
        return misplaced(rule, bound.span,
                         fmt::format("{} can't be reached from {}", bound.what, builtin.name));
      }
      if (const auto* jump = std::get_if<ir::Jump>(&rule.target.action)) {
        const ir::Chain* to = table.find(jump->chain);
        if (seen.insert(to).second) open.push_back(to);
      }
    }
  }
  return {};
}

}  // namespace

Result<void> check(const ir::Ruleset& rules) {
  if (auto r = ir::verify(rules); !r) return r;
  for (const ir::Table& table : rules.tables) {
    bool hooks_matter = false;
    if (auto r = check_tables(table, rules.family, hooks_matter); !r) return r;
    if (!hooks_matter) continue;
    for (const ir::Chain& chain : table.chains) {
      if (!chain.builtin()) continue;
      if (auto r = check_hooks(table, chain, rules.family); !r) return r;
    }
  }
  return {};
}

}  // namespace bulkhead::lang
