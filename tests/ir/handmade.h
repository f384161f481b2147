// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/ruleset.h"
#include "net/address.h"

// Rulesets written as IR, for tests of what stands below the language.
namespace bulkhead::testing {

inline ir::Constraint in(const ir::Field& field, U128 first, U128 last) {
  return {.field = &field, .values = ir::ValueSet::range(first, last)};
}
inline ir::Constraint is(const ir::Field& field, U128 value) { return in(field, value, value); }
inline ir::Constraint is_not(const ir::Field& field, U128 value,
                             net::Family family = net::Family::kIpv4) {
  return {.field = &field,
          .values = ir::ValueSet::of(value).complement(field.location(family).width)};
}
inline ir::Header header(ir::Header::Form form) { return {.form = form}; }

inline ir::Jump jump(std::string chain) { return {.chain = std::move(chain)}; }
inline ir::Jump go_to(std::string chain) { return {.chain = std::move(chain), .is_goto = true}; }

// A filter table to which rules are added one by one; each gets the next id, each chain is made
// when it is first named.
class Handmade {
 public:
  explicit Handmade(net::Family family = net::Family::kIpv4) {
    rules.family = family;
    rules.table("filter");
  }

  ir::Chain& chain(const std::string& name) {
    ir::Table& table = *rules.find("filter");
    ir::Chain* there = table.find(name);
    return there ? *there : table.add_user_chain(name);
  }
  ir::Rule& add(const std::string& to, ir::Predicate conditions, ir::Action action) {
    ir::Rule rule{.target = {.action = std::move(action)}, .id = rules.next_id++};
    rule.head.predicate = std::move(conditions);
    return chain(to).rules.emplace_back(std::move(rule));
  }
  ir::Table& filter() { return *rules.find("filter"); }

  ir::Ruleset rules;
};

}  // namespace bulkhead::testing
