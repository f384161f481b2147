// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The rules of the iptables that this host had before us. Read and removed with their own tools:
// their form in the kernel is not ours to know.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/family.h"

namespace bulkhead::app {

enum class Variant { kLegacy, kNft };

// "legacy" or "nft", as in the tools' names.
std::string_view variant_word(Variant variant);

// What one tool holds for one family.
struct OtherRules {
  Variant variant = Variant::kLegacy;
  net::Family family = net::Family::kIpv4;
  std::string text;  // of its iptables-save -c
  std::vector<std::string> tables;
  size_t rules = 0;
  size_t closed_policies = 0;  // built-in chains that drop

  bool enforces() const { return rules > 0 || closed_policies > 0; }
};

// Tables that iptables-legacy has in the kernel, by /proc/net/ip*_tables_names. Knows nothing of
// their rules, but needs no tool.
std::vector<std::string> legacy_tables(net::Family family);

// Nothing if the tool isn't installed or holds no table.
Result<std::optional<OtherRules>> read_other(Variant variant, net::Family family);

// Empties every table of it and sets the policies to ACCEPT, each table in one transaction.
Result<void> remove_other(const OtherRules& rules);

}  // namespace bulkhead::app
