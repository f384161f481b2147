// SPDX-License-Identifier: GPL-2.0-or-later
#include "ir/constraints.h"

#include "net/packet_build.h"

namespace bulkhead::ir {

namespace {

void for_each_of(const Predicate& predicate, const std::function<void(const Constraint&)>& take) {
  for (const Condition& condition : predicate) {
    if (const auto* one = std::get_if<Constraint>(&condition)) take(*one);
    if (const auto* any = std::get_if<AnyOf>(&condition))
      for (const Constraint& each : any->alternatives) take(each);
  }
}

}  // namespace

void for_each_constraint(const Ruleset& rules, const std::function<void(const Constraint&)>& take) {
  for (const Table& table : rules.tables) for_each_constraint(table, take);
}

void for_each_constraint(const Table& table, const std::function<void(const Constraint&)>& take) {
  for (const Chain& chain : table.chains) {
    for (const Rule& rule : chain.rules) {
      for_each_of(rule.head.predicate, take);
      for (const Match& match : rule.matches) for_each_of(match.predicate, take);
    }
  }
}

ValueSet protocols_with_ports() {
  ValueSet all;
  for (unsigned protocol = 0; protocol <= UINT8_MAX; ++protocol)
    if (net::has_ports(static_cast<uint8_t>(protocol))) all = all.united(ValueSet::of(protocol));
  return all;
}

}  // namespace bulkhead::ir
