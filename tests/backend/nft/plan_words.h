// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "classify/plan.h"
#include "ir/field.h"

// Plans as one would say them: plan4({step(1, {protocol(6), tcp(), dport(22)}, ir::Accept{})}).
namespace bulkhead::backend::nft::testing {

inline U128 address4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}

inline ir::Constraint is(const ir::Field& field, ir::ValueSet values, U128 mask = kU128Max) {
  return {.field = &field, .mask = mask, .values = std::move(values)};
}
inline ir::Constraint is_not(const ir::Field& field, const ir::ValueSet& values, unsigned width) {
  return {.field = &field, .values = values.complement(width)};
}
inline ir::Constraint protocol(uint8_t number) {
  return is(ir::kProtocol, ir::ValueSet::of(number));
}
inline ir::Constraint dport(uint16_t port) {
  return is(ir::kDestinationPort, ir::ValueSet::of(port));
}
inline ir::Constraint source(U128 address, U128 mask = kU128Max) {
  return is(ir::kSource, ir::ValueSet::of(address), mask);
}
inline ir::Constraint state(std::initializer_list<ir::CtState> states) {
  ir::ValueSet values;
  for (ir::CtState one : states)
    values = values.united(ir::ValueSet::of(static_cast<uint32_t>(one)));
  return is(ir::kCtState, values);
}
// "eth0", or "eth+" for all that begin so.
inline ir::ValueSet interfaces(std::string_view name) {
  const bool prefix = name.ends_with('+');
  if (prefix) name.remove_suffix(1);
  U128 first = 0;
  for (size_t i = 0; i < 16; ++i)
    first = first << 8 | (i < name.size() ? static_cast<uint8_t>(name[i]) : 0u);
  const unsigned rest = static_cast<unsigned>(16 - name.size()) * 8;
  return ir::ValueSet::range(first, prefix ? first | low_bits(rest) : first);
}
inline ir::Header tcp() { return {.form = ir::Header::Form::kTcp}; }
inline ir::Header udp() { return {.form = ir::Header::Form::kUdp}; }

inline classify::Step step(ir::RuleId id, std::vector<ir::Condition> conditions,
                           ir::Action action) {
  return {id, std::move(conditions), std::move(action)};
}

inline constexpr ir::RuleId kPolicyId = 1'000'000;

// INPUT of table filter, with a policy, and user chains of that table.
inline classify::Plan plan(net::Family family, std::vector<classify::Step> input,
                           std::vector<classify::Chain> users = {},
                           ir::Policy policy = ir::Policy::kAccept) {
  classify::Plan out{.family = family};
  out.entries.push_back({.table = "filter",
                         .chain = "INPUT",
                         .hook = ir::Hook::kInput,
                         .priority = 0,
                         .policy = policy,
                         .policy_id = kPolicyId});
  out.chains.push_back({"filter", "INPUT", std::move(input)});
  for (classify::Chain& chain : users) out.chains.push_back(std::move(chain));
  return out;
}
inline classify::Plan plan4(std::vector<classify::Step> input,
                            std::vector<classify::Chain> users = {},
                            ir::Policy policy = ir::Policy::kAccept) {
  return plan(net::Family::kIpv4, std::move(input), std::move(users), policy);
}
// PREROUTING of table raw, and user chains of that table.
inline classify::Plan raw_plan(net::Family family, std::vector<classify::Step> prerouting,
                               std::vector<classify::Chain> users = {}) {
  classify::Plan out{.family = family};
  out.entries.push_back({.table = "raw",
                         .chain = "PREROUTING",
                         .hook = ir::Hook::kPrerouting,
                         .priority = -300,
                         .policy = ir::Policy::kAccept,
                         .policy_id = kPolicyId});
  out.chains.push_back({"raw", "PREROUTING", std::move(prerouting)});
  for (classify::Chain& chain : users) {
    chain.table = "raw";
    out.chains.push_back(std::move(chain));
  }
  return out;
}
inline ir::ConnectionTemplate helper(std::string name, uint8_t protocol = 6) {
  return {.zone = {}, .helper = std::move(name), .protocol = protocol, .events = {}};
}
inline classify::Chain user_chain(std::string name, std::vector<classify::Step> steps) {
  return {"filter", std::move(name), std::move(steps)};
}

}  // namespace bulkhead::backend::nft::testing
