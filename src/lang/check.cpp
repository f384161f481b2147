// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/check.h"

#include <algorithm>
#include <cerrno>
#include <span>
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

bool is_given(std::span<const ir::Argument> arguments, std::string_view option) {
  return std::ranges::any_of(arguments, [&](const ir::Argument& argument) {
    return argument.option == option && !argument.negated;
  });
}

// Something of a rule that may be reached from some built-in chains only.
struct Bound {
  std::string what;  // "REJECT", "match mac", "--physdev-out"
  std::string_view hooks;
  Span span;
};

void add_bounds(std::span<const ext::Option> options, std::span<const ir::Argument> arguments,
                std::vector<Bound>& bounds) {
  for (const ir::Argument& argument : arguments) {
    const ext::Option* option = ext::option_named(options, argument.option);
    if (option == nullptr || is_given(arguments, option->hooks_lifted_by)) continue;
    const std::string_view hooks =
        option->hooks_of != nullptr ? option->hooks_of(argument.text) : option->hooks;
    if (hooks.empty()) continue;
    bounds.push_back({fmt::format("--{}", option->name), hooks, argument.span});
  }
}

std::vector<Bound> bounds_of(const ir::Rule& rule, net::Family family) {
  std::vector<Bound> bounds;
  if (const ext::Target* row = row_of(rule, family)) {
    if (!row->hooks.empty())
      bounds.push_back({std::string(row->name), row->hooks, rule.target.span});
    add_bounds(row->options, rule.target.arguments, bounds);
  }
  for (const ir::Match& match : rule.matches) {
    const ext::Match* row = ext::find_match(match.name, family);
    if (row == nullptr) continue;
    if (!row->hooks.empty()) {
      const Span first = match.arguments.empty() ? Span{} : match.arguments.front().span;
      bounds.push_back({fmt::format("match {}", row->name), row->hooks, first});
    }
    add_bounds(row->options, match.arguments, bounds);
  }
  return bounds;
}

Result<void> check_match_tables(const ir::Rule& rule, const ir::Table& table, net::Family family) {
  for (const ir::Match& match : rule.matches) {
    const ext::Match* row = ext::find_match(match.name, family);
    if (row == nullptr || row->tables.empty() || lists(row->tables, table.name)) continue;
    const Span first = match.arguments.empty() ? Span{} : match.arguments.front().span;
    return misplaced(rule, first,
                     fmt::format("match {} works only in table {}", row->name, row->tables));
  }
  return {};
}

Result<void> check_tables(const ir::Table& table, net::Family family, bool& hooks_matter) {
  for (const ir::Chain& chain : table.chains) {
    for (const ir::Rule& rule : chain.rules) {
      if (!bounds_of(rule, family).empty()) hooks_matter = true;
      if (auto r = check_match_tables(rule, table, family); !r) return r;
      const ext::Target* row = row_of(rule, family);
      if (row == nullptr) continue;
      if (!row->tables.empty() && !lists(row->tables, table.name)) {
        return misplaced(rule, rule.target.span,
                         fmt::format("{} works only in table {}", row->name, row->tables));
      }
      if (row->fits == nullptr) continue;
      if (auto fits = row->fits(rule); !fits) {
        Error error = fits.error();
        if (error.span.empty()) error.span = rule.target.span;
        return error;
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
