// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/summary.h"

#include <fmt/format.h>

#include "app/console.h"

namespace bulkhead::app {

size_t rule_count(const ir::Ruleset& rules) {
  size_t count = 0;
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) count += chain.rules.size();
  }
  return count;
}

std::string_view family_name(net::Family family) {
  return family == net::Family::kIpv4 ? "IPv4" : "IPv6";
}

std::string summary(const ir::Ruleset& rules) {
  if (rules.tables.empty()) return fmt::format("{} nothing", family_name(rules.family));
  size_t closed = 0;
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) closed += chain.policy == ir::Policy::kDrop ? 1 : 0;
  }
  const std::string policies =
      closed == 0 ? "" : fmt::format(" and {}", counted(closed, "policy DROP", "policies DROP"));
  return fmt::format("{} {}{}", family_name(rules.family),
                     counted(rule_count(rules), "rule", "rules"), policies);
}

std::string summary(const ir::Ruleset& v4, const ir::Ruleset& v6) {
  return fmt::format("{}, {}", summary(v4), summary(v6));
}

std::string summary(const View& view) { return summary(view.v4.rules, view.v6.rules); }

}  // namespace bulkhead::app
