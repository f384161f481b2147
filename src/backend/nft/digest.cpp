// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/digest.h"

#include <algorithm>

#include <fmt/format.h>

#include "backend/nft/chain_name.h"
#include "backend/nft/kernel_table.h"

namespace bulkhead::backend::nft {

ChainMark mark(std::string_view name, const std::optional<BaseHook>& base,
               std::span<const Fingerprint> rules) {
  Hasher hasher;
  hasher.add(base.has_value());
  if (base) {
    hasher.add(base->type);
    hasher.add(base->hook);
    hasher.add(static_cast<uint64_t>(base->priority));
    hasher.add(base->drop_policy);
  }
  for (const Fingerprint& rule : rules) hasher.add(rule);
  return {.name = std::string(name),
          .rules = static_cast<uint32_t>(rules.size()),
          .form = hasher.result().low};
}

ChainMark mark(const Helper& helper) {
  Hasher hasher;
  hasher.add("helper");
  hasher.add(helper.helper);
  hasher.add(helper.protocol);
  return {.name = std::string(kHelperMark) + helper.name, .rules = 0, .form = hasher.result().low};
}

std::vector<ChainMark> marks(const KernelTable& table) {
  std::vector<ChainMark> out;
  for (const Helper& helper : table.helpers) out.push_back(mark(helper));
  for (const KernelChain& chain : table.chains)
    out.push_back(mark(chain.name, chain.base, chain.forms()));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

Fingerprint digest(const std::vector<ChainMark>& sorted, uint32_t flags) {
  Hasher hasher;
  hasher.add(flags);
  for (const ChainMark& chain : sorted) {
    hasher.add(chain.name);
    hasher.add(chain.rules);
    hasher.add(chain.form);
  }
  return hasher.result();
}

std::string difference(const KernelTable& table, const std::vector<ChainMark>& written) {
  if (table.flags != 0) return "something else made the table dormant or took it over";
  const std::vector<ChainMark> found = marks(table);
  auto there = found.begin();
  for (const ChainMark& chain : written) {
    const std::string name = describe_chain(chain.name);
    if (there != found.end() && there->name < chain.name) {
      return fmt::format("something else added {}", describe_chain(there->name));
    }
    if (there == found.end() || there->name != chain.name) {
      return fmt::format("{} is missing: something else deleted it", name);
    }
    if (there->rules < chain.rules)
      return fmt::format("a rule of {} is missing: something else deleted it", name);
    if (there->rules > chain.rules) return fmt::format("something else added a rule to {}", name);
    if (there->form != chain.form) return fmt::format("something else changed {}", name);
    ++there;
  }
  if (there != found.end())
    return fmt::format("something else added {}", describe_chain(there->name));
  return "it is not as it was written";
}

}  // namespace bulkhead::backend::nft
