// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The rulesets that are in force, as commands see them: with live counts, whatever the kernel and
// the stored source share among each other. A count is the kernel's under the rule's id plus the
// offset in the source.

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "core/result.h"
#include "ir/ruleset.h"

namespace bulkhead::app {

// What one family's table is at one moment.
struct Loaded {
  bool present = false;
  std::string damage;  // why it can't be trusted; empty: it is sound, or there is none
  std::string transaction;
  ir::Ruleset rules;  // live counts; empty without a sound table
};

// Both families at the same moment.
struct View {
  Loaded v4;
  Loaded v6;

  const Loaded& of(net::Family family) const { return family == net::Family::kIpv4 ? v4 : v6; }
};

// What every command says of a table that isn't sound, and what helps.
Error damaged(net::Family family, std::string_view why);

// What becomes of a table whose source can't be trusted.
enum class OnDamage {
  kRefuse,  // the change fails with kDamaged
  // The edit starts from an empty ruleset, and the table is replaced as a whole. It must bring
  // table filter: what was in the damaged one isn't known, and mustn't become an open host.
  kStartAnew,
};

class Store {
 public:
  using Edit = std::function<Result<void>(ir::Ruleset&)>;

  explicit Store(backend::Backend& backend) : backend_(backend) {}

  // The rules in force: an empty ruleset if there is no table, kDamaged if it is not sound.
  Result<ir::Ruleset> load(net::Family family);
  Result<View> look();

  // Looks, lets `edit` change the ruleset (counts are live ones; new rules have no id), and commits
  // the outcome. Called again for each attempt, so `edit` must have no other effect. What it leaves
  // as it was isn't written. Errors: those of `edit`; kRefused where the rules can't be compiled;
  // kBusy when `wait` has passed; kDamaged; and whatever the kernel says. After an error nothing is
  // changed. `replaced`, if given, becomes the damage of the table that kStartAnew has replaced,
  // empty if there was none.
  Result<void> change(net::Family family, std::chrono::seconds wait, const Edit& edit,
                      OnDamage on_damage = OnDamage::kRefuse, std::string* replaced = nullptr);

  // Puts whole rulesets (of one or both families) in the place of what is there, damaged or not, in
  // one transaction. Their counters start where the rulesets say; their ids are given anew.
  Result<void> replace(std::span<const ir::Ruleset> rulesets, std::chrono::seconds wait);

  // All of replace() but the commit: whether the kernel would take the rules now.
  Result<void> rehearse(std::span<const ir::Ruleset> rulesets);

  // Takes the tables of these families out of the kernel, in one transaction.
  Result<void> clear(std::span<const net::Family> families, std::chrono::seconds wait);

 private:
  Result<std::vector<backend::Desired>> replacement(std::span<const ir::Ruleset> rulesets,
                                                    const backend::Snapshot& look) const;

  backend::Backend& backend_;
};

// The back end that this program enforces with.
Result<std::unique_ptr<backend::Backend>> open_backend();

}  // namespace bulkhead::app
