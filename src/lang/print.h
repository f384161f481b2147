// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What -S, -L and iptables-save print, byte for byte as iptables-legacy 1.8.9.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ir/ruleset.h"
#include "lang/command.h"
#include "net/names.h"

namespace bulkhead::lang {

// "-A CHAIN ..." without its newline. Parses to an equal rule.
std::string rule_text(std::string_view chain, const ir::Rule& rule, net::Family family);

struct SaveStyle {
  bool counters = false;                    // -c: also those of rules
  std::optional<std::string_view> table{};  // nothing: all that are there
  // Of the comment lines around a table; without a date there are none.
  std::string_view program = "iptables-save";
  std::string_view date{};  // ctime(3)'s, without its newline
};
std::string save(const ir::Ruleset& rules, const SaveStyle& style = {});

// -S (as_rules) and -L. `list.chain` must be there if it is named.
std::string list_rules(const List& list, bool counters, const ir::Table& table, net::Family family);
std::string list_table(const List& list, const ListStyle& style, const ir::Table& table,
                       net::Family family, const net::Names& names);

// All that a command prints on stdout before it changes `rules`: a list, or what -v says of what
// will be done.
std::string output_of(const Command& command, const ir::Ruleset& rules, const net::Names& names);

}  // namespace bulkhead::lang
