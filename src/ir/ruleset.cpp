// SPDX-License-Identifier: GPL-2.0-or-later
#include "ir/ruleset.h"

#include <algorithm>
#include <cassert>

namespace bulkhead::ir {

namespace {

// The numbers are NF_IP_PRI_RAW, _MANGLE, _NAT_DST, _FILTER, _SECURITY and _NAT_SRC.
constexpr int32_t kRaw = -300;
constexpr int32_t kMangle = -150;
constexpr int32_t kNatDestination = -100;
constexpr int32_t kFilter = 0;
constexpr int32_t kSecurity = 50;
constexpr int32_t kNatSource = 100;

size_t rank(std::string_view table) {
  const auto& all = builtin_tables();
  return static_cast<size_t>(std::ranges::find(all, table, &BuiltinTable::name) - all.begin());
}

template <class Tables>
auto find_table(Tables& tables, std::string_view name) -> decltype(tables.data()) {
  const auto found = std::ranges::find(tables, name, &Table::name);
  return found == tables.end() ? nullptr : &*found;
}

template <class Chains>
auto find_chain(Chains& chains, std::string_view name) -> decltype(chains.data()) {
  const auto found = std::ranges::find(chains, name, &Chain::name);
  return found == chains.end() ? nullptr : &*found;
}

}  // namespace

const std::vector<BuiltinTable>& builtin_tables() {
  static const std::vector<BuiltinTable> kTables = {
      {"filter",
       {{"INPUT", Hook::kInput, kFilter},
        {"FORWARD", Hook::kForward, kFilter},
        {"OUTPUT", Hook::kOutput, kFilter}}},
      {"nat",
       {{"PREROUTING", Hook::kPrerouting, kNatDestination},
        {"INPUT", Hook::kInput, kNatSource},
        {"OUTPUT", Hook::kOutput, kNatDestination},
        {"POSTROUTING", Hook::kPostrouting, kNatSource}}},
      {"mangle",
       {{"PREROUTING", Hook::kPrerouting, kMangle},
        {"INPUT", Hook::kInput, kMangle},
        {"FORWARD", Hook::kForward, kMangle},
        {"OUTPUT", Hook::kOutput, kMangle},
        {"POSTROUTING", Hook::kPostrouting, kMangle}}},
      {"raw", {{"PREROUTING", Hook::kPrerouting, kRaw}, {"OUTPUT", Hook::kOutput, kRaw}}},
      {"security",
       {{"INPUT", Hook::kInput, kSecurity},
        {"FORWARD", Hook::kForward, kSecurity},
        {"OUTPUT", Hook::kOutput, kSecurity}}},
  };
  return kTables;
}

const BuiltinTable* builtin_table(std::string_view name) {
  const auto& all = builtin_tables();
  const auto found = std::ranges::find(all, name, &BuiltinTable::name);
  return found == all.end() ? nullptr : &*found;
}

Table empty_table(std::string_view name) {
  const BuiltinTable* builtin = builtin_table(name);
  assert(builtin);
  Table table{.name = std::string(name)};
  for (const BuiltinChain& chain : builtin->chains) {
    table.chains.push_back({.name = std::string(chain.name), .policy = Policy::kAccept});
  }
  return table;
}

Chain* Table::find(std::string_view chain) { return find_chain(chains, chain); }
const Chain* Table::find(std::string_view chain) const { return find_chain(chains, chain); }

Chain& Table::add_user_chain(std::string chain_name) {
  // As strcmp(3) orders them, bytes unsigned.
  const auto place = std::ranges::find_if(chains, [&](const Chain& chain) {
    return !chain.builtin() && chain_name.compare(chain.name) < 0;
  });
  return *chains.insert(place, Chain{.name = std::move(chain_name)});
}

Table* Ruleset::find(std::string_view table) { return find_table(tables, table); }
const Table* Ruleset::find(std::string_view table) const { return find_table(tables, table); }

Table& Ruleset::table(std::string_view table) {
  if (Table* there = find(table)) return *there;
  const auto place = std::ranges::find_if(
      tables, [&](const Table& other) { return rank(other.name) > rank(table); });
  return *tables.insert(place, empty_table(table));
}

}  // namespace bulkhead::ir
