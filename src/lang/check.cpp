// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/check.h"

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

Error misplaced(const ir::Rule& rule, std::string where) {
  return refused(fmt::format("{} {}", rule.target.name, where),
                 rule.target.span.empty() ? rule.span : rule.target.span, EINVAL);
}

Result<void> check_tables(const ir::Table& table, net::Family family, bool& hooks_matter) {
  for (const ir::Chain& chain : table.chains) {
    for (const ir::Rule& rule : chain.rules) {
      const ext::Target* row = row_of(rule, family);
      if (row == nullptr) continue;
      if (!row->tables.empty() && !lists(row->tables, table.name)) {
        return misplaced(rule, fmt::format("works only in table {}", row->tables));
      }
      if (!row->hooks.empty()) hooks_matter = true;
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
      if (const auto* jump = std::get_if<ir::Jump>(&rule.target.action)) {
        const ir::Chain* to = table.find(jump->chain);
        if (seen.insert(to).second) open.push_back(to);
        continue;
      }
      const ext::Target* row = row_of(rule, family);
      if (row != nullptr && !row->hooks.empty() && !lists(row->hooks, builtin.name)) {
        return misplaced(rule, fmt::format("can't be reached from {}", builtin.name));
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
