// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "backend/nft/change.h"
#include "backend/nft/delta.h"
#include "backend/nft/inspect.h"
#include "backend/nft/kernel_table.h"
#include "backend/nft/lower.h"
#include "classify/plan.h"

// A kernel of a few lines: what a list of changes makes of a table. It refuses what the real one
// would.
namespace bulkhead::backend::nft::testing {

class KernelModel {
 public:
  const KernelTable& table() const { return table_; }
  KernelTable& table() { return table_; }

  void apply(const std::vector<Change>& changes) {
    for (const Change& change : changes)
      std::visit([this](const auto& one) { apply_one(one); }, change);
  }

  // As NftBackend does it. Gives what was sent.
  std::vector<Change> commit(const classify::Plan& plan, std::string_view source = "source") {
    auto program = lower(plan);
    if (!program) throw std::runtime_error(program.error().message);
    const Inspection now = inspect(table_);
    std::vector<Change> changes =
        now.stored ? delta({&table_, &*now.stored}, std::move(*program), source, "id")
                   : build_anew(table_, std::move(*program), source, "id");
    apply(changes);
    return changes;
  }

  // Every rule of the id counts that many packets more.
  void hit(ir::RuleId id, uint64_t packets) {
    for (KernelChain& chain : table_.chains) {
      for (KernelRule& rule : chain.rules) {
        if (rule.id == id) rule.counters.packets += packets;
      }
    }
  }

  Counts counts() const {
    const Inspection now = inspect(table_);
    return nft::counts({&table_, &*now.stored});
  }

  KernelChain& chain(std::string_view name) {
    for (KernelChain& one : table_.chains) {
      if (one.name == name) return one;
    }
    throw std::runtime_error("no chain " + std::string(name));
  }

 private:
  static void require(bool fine, const char* what) {
    if (!fine) throw std::runtime_error(what);
  }
  bool has(const std::string& name) const {
    return std::any_of(table_.chains.begin(), table_.chains.end(),
                       [&](const auto& c) { return c.name == name; });
  }

  void apply_one(const AddTable&) {
    require(!table_.present, "the table exists");
    table_.present = true;
  }
  void apply_one(const DeleteTable&) {
    require(table_.present, "no table");
    table_ = {.family = table_.family};
  }
  bool has_helper(const std::string& name) const {
    return std::ranges::find(table_.helpers, name, &Helper::name) != table_.helpers.end();
  }
  void apply_one(const AddHelper& change) {
    require(!has_helper(change.helper.name), "the helper exists");
    table_.helpers.push_back(change.helper);
  }
  void apply_one(const DeleteHelper& change) {
    require(has_helper(change.name), "no helper");
    for (const auto& [handle, helper] : named_)
      require(helper != change.name || !has_rule(handle), "a rule names the helper");
    std::erase_if(table_.helpers, [&](const Helper& one) { return one.name == change.name; });
  }
  void apply_one(const AddChain& change) {
    require(!has(change.name), "the chain exists");
    table_.chains.push_back({.name = change.name, .base = change.base});
  }
  void apply_one(const DeleteChain& change) {
    require(chain(change.name).rules.empty(), "the chain has rules");
    std::erase_if(table_.chains, [&](const KernelChain& one) { return one.name == change.name; });
  }
  void apply_one(const AddRule& change) {
    for (const Expr& expression : change.rule.expressions) {
      const auto* verdict = std::get_if<Verdict>(&expression);
      if (verdict != nullptr && !verdict->chain.empty())
        require(has(verdict->chain), "no chain to jump to");
      if (const auto* give = std::get_if<GiveHelper>(&expression)) {
        require(has_helper(give->object), "no helper of that name");
        named_.emplace(handles_ + 1, give->object);
      }
    }
    auto& rules = chain(change.chain).rules;
    auto place = rules.end();
    if (change.before) {
      place = std::find_if(rules.begin(), rules.end(),
                           [&](const auto& r) { return r.handle == *change.before; });
      require(place != rules.end(), "no rule to insert before");
    }
    rules.insert(place,
                 {.handle = ++handles_, .id = change.rule.id, .form = fingerprint(change.rule)});
  }
  void apply_one(const DeleteRule& change) {
    require(std::erase_if(chain(change.chain).rules,
                          [&](const auto& r) { return r.handle == change.handle; }) == 1,
            "no such rule");
  }
  void apply_one(const FlushChain& change) { chain(change.chain).rules.clear(); }
  void apply_one(const AddSourceSet&) { table_.source_set = true; }
  void apply_one(const AddPieces& change) {
    for (const Piece& piece : change.pieces) {
      require(std::none_of(table_.pieces.begin(), table_.pieces.end(),
                           [&](const Piece& one) { return one.number == piece.number; }),
              "the piece exists");
      table_.pieces.push_back(piece);
    }
  }
  void apply_one(const DeletePieces& change) {
    for (uint32_t number : change.numbers) {
      require(
          std::erase_if(table_.pieces, [&](const Piece& one) { return one.number == number; }) == 1,
          "no piece");
    }
  }

  bool has_rule(uint64_t handle) const {
    return std::ranges::any_of(table_.chains, [&](const KernelChain& chain) {
      return std::ranges::find(chain.rules, handle, &KernelRule::handle) != chain.rules.end();
    });
  }

  KernelTable table_;
  std::map<uint64_t, std::string> named_;  // by rule: the helper that it gives
  uint64_t handles_ = 0;
};

}  // namespace bulkhead::backend::nft::testing
