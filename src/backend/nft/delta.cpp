// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/delta.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_set>

#include "backend/nft/chain_name.h"
#include "backend/nft/digest.h"
#include "core/common_subsequence.h"

namespace bulkhead::backend::nft {
namespace {

// The kernel finds a rule by its handle with a walk from the chain's beginning, a few ns a rule.
// Above this many steps a chain is cheaper built anew.
constexpr uint64_t kMaxWalk = 100'000'000;

using Ids = std::unordered_set<ir::RuleId>;

Ids ids_of(const Program& program) {
  Ids ids;
  for (const Chain& chain : program.chains) {
    for (const Rule& rule : chain.rules) {
      if (rule.id != ir::kNoId) ids.insert(rule.id);
    }
  }
  return ids;
}

std::vector<Fingerprint> forms_of(const Chain& chain) {
  std::vector<Fingerprint> forms;
  forms.reserve(chain.rules.size());
  for (const Rule& rule : chain.rules) forms.push_back(fingerprint(rule));
  return forms;
}

void move_to_epoch(Program& program, unsigned epoch) {
  for (Chain& chain : program.chains) {
    if (!chain.base) chain.name = in_epoch(epoch, chain.name);
    for (Rule& rule : chain.rules) {
      for (Expr& expression : rule.expressions) {
        if (auto* verdict = std::get_if<Verdict>(&expression);
            verdict != nullptr && !verdict->chain.empty()) {
          verdict->chain = in_epoch(epoch, verdict->chain);
        }
      }
    }
  }
}

bool in_force(const KernelChain& chain, unsigned epoch) {
  return chain.base || epoch_of(chain.name) == epoch;
}

// How one chain changes.
struct ChainDelta {
  const KernelChain* before = nullptr;  // none: a new chain
  Chain* after = nullptr;               // none: a chain that goes
  std::vector<Fingerprint> forms;       // of the rules of `after`
  std::vector<std::optional<size_t>>
      kept;  // by rule of `after`: the rule of `before` that stays for it
};

std::vector<ChainDelta> compare(const KernelTable& table, unsigned epoch, Program& program) {
  std::unordered_map<std::string_view, const KernelChain*> before;
  for (const KernelChain& chain : table.chains) {
    if (in_force(chain, epoch)) before.emplace(chain.name, &chain);
  }
  std::vector<ChainDelta> out;
  for (Chain& chain : program.chains) {
    ChainDelta change{.after = &chain,
                      .forms = forms_of(chain),
                      .kept = std::vector<std::optional<size_t>>(chain.rules.size())};
    if (auto found = before.find(chain.name); found != before.end()) {
      change.before = found->second;
      const std::vector<Fingerprint> forms = change.before->forms();
      change.kept = common_subsequence<Fingerprint>(forms, change.forms);
      before.erase(found);
    }
    out.push_back(std::move(change));
  }
  for (const KernelChain& chain : table.chains) {
    if (before.contains(chain.name)) out.push_back({.before = &chain});
  }
  return out;
}

std::vector<bool> staying(const ChainDelta& change) {
  std::vector<bool> stays(change.before->rules.size());
  for (const auto& index : change.kept) {
    if (index) stays[*index] = true;
  }
  return stays;
}

// Whether the chain's rules can change where they are: no count that is to live on goes, and not
// too slowly.
bool can_stay(const ChainDelta& change, const Ids& living) {
  if (change.before == nullptr) return true;
  const std::vector<bool> stays = staying(change);
  uint64_t walk = 0;
  size_t removed = 0;
  for (size_t i = 0; i < stays.size(); ++i) {
    if (stays[i]) continue;
    if (living.contains(change.before->rules[i].id)) return false;
    walk += i;
    ++removed;
  }
  if (removed == stays.size()) return true;  // one flush
  size_t last_kept = 0;
  for (size_t i = 0; i < change.kept.size(); ++i) {
    if (change.kept[i]) last_kept = i;
  }
  for (size_t i = 0; i < last_kept; ++i) {
    if (!change.kept[i]) walk += i;
  }
  return walk <= kMaxWalk;
}

void append_removals(std::vector<Change>& out, const ChainDelta& change) {
  const std::vector<bool> stays = staying(change);
  if (stays.empty()) return;
  if (std::find(stays.begin(), stays.end(), true) == stays.end()) {
    out.emplace_back(FlushChain{change.before->name});
    return;
  }
  for (size_t i = 0; i < stays.size(); ++i) {
    if (!stays[i])
      out.emplace_back(DeleteRule{change.before->name, change.before->rules[i].handle});
  }
}

// Takes the rules out of the program.
void append_additions(std::vector<Change>& out, const ChainDelta& change) {
  std::optional<uint64_t> before;
  std::vector<Change> reversed;
  for (size_t i = change.after->rules.size(); i-- > 0;) {
    if (change.kept[i]) {
      before = change.before->rules[*change.kept[i]].handle;
    } else {
      reversed.emplace_back(AddRule{change.after->name, std::move(change.after->rules[i]), before});
    }
  }
  std::move(reversed.rbegin(), reversed.rend(), std::back_inserter(out));
}

// Chains first, for rules name them (and before them the helpers, that go behind them); rules go
// before rules come, so that nothing of another program's making is in the way; chains go last,
// when nothing jumps to them.
std::vector<Change> carry_out(const std::vector<ChainDelta>& deltas) {
  std::vector<Change> out;
  for (const ChainDelta& change : deltas) {
    if (change.before == nullptr)
      out.emplace_back(AddChain{change.after->name, change.after->base});
  }
  for (const ChainDelta& change : deltas) {
    if (change.before != nullptr) append_removals(out, change);
  }
  for (const ChainDelta& change : deltas) {
    if (change.after != nullptr) append_additions(out, change);
  }
  for (const ChainDelta& change : deltas) {
    if (change.after == nullptr) out.emplace_back(DeleteChain{change.before->name});
  }
  return out;
}

void append_pieces(std::vector<Change>& out, const std::vector<Piece>& before,
                   const Stored& stored) {
  std::unordered_map<uint32_t, const Piece*> old;
  for (const Piece& piece : before) old.emplace(piece.number, &piece);
  AddPieces add;
  DeletePieces remove;
  for (Piece& piece : split(stored)) {
    auto found = old.find(piece.number);
    if (found != old.end()) {
      const bool same = *found->second == piece;
      if (!same) remove.numbers.push_back(piece.number);
      old.erase(found);
      if (same) continue;
    }
    add.pieces.push_back(std::move(piece));
  }
  for (const auto& [number, piece] : old) remove.numbers.push_back(number);
  if (!remove.numbers.empty()) out.emplace_back(std::move(remove));
  out.emplace_back(std::move(add));
}

unsigned free_epoch(const KernelTable& table) {
  std::unordered_set<unsigned> taken;
  for (const KernelChain& chain : table.chains) {
    if (!chain.base) taken.insert(epoch_of(chain.name));
  }
  unsigned epoch = 0;
  while (taken.contains(epoch)) ++epoch;
  return epoch;
}

void append_marks(std::vector<ChainMark>& out, const std::vector<ChainDelta>& deltas) {
  for (const ChainDelta& change : deltas) {
    if (change.after != nullptr)
      out.push_back(mark(change.after->name, change.after->base, change.forms));
  }
}

bool has(const std::vector<Helper>& helpers, const Helper& helper) {
  return std::ranges::find(helpers, helper) != helpers.end();
}

// What `after` has and `before` hasn't; its marks.
std::vector<Change> missing_helpers(const std::vector<Helper>& before,
                                    const std::vector<Helper>& after,
                                    std::vector<ChainMark>& marks) {
  std::vector<Change> out;
  for (const Helper& helper : after) {
    if (!has(before, helper)) out.emplace_back(AddHelper{helper});
    marks.push_back(mark(helper));
  }
  return out;
}

void seal(Stored& stored, uint32_t flags) {
  std::sort(stored.marks.begin(), stored.marks.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  stored.digest = digest(stored.marks, flags);
}

}  // namespace

std::vector<Change> delta(const Sound& now, Program program, std::string_view source,
                          std::string_view transaction) {
  const KernelTable& table = *now.table;
  Stored stored{.source = std::string(source),
                .transaction = std::string(transaction),
                .epoch = now.stored->epoch};
  const Ids living = ids_of(program);
  move_to_epoch(program, stored.epoch);
  std::vector<ChainDelta> deltas = compare(table, stored.epoch, program);
  const bool in_place = std::all_of(deltas.begin(), deltas.end(), [&](const ChainDelta& change) {
    return can_stay(change, living);
  });

  if (!in_place) {
    stored.epoch = free_epoch(table);
    move_to_epoch(program, stored.epoch);
    deltas = compare(table, stored.epoch, program);
  }
  std::vector<ChainDelta> retired;
  for (const KernelChain& chain : table.chains) {
    if (!in_force(chain, now.stored->epoch)) {
      retired.push_back({.before = &chain});
    } else if (!in_place && !chain.base) {
      stored.marks.push_back(mark(chain.name, chain.base, chain.forms()));
    }
  }
  deltas.insert(deltas.end(), retired.begin(), retired.end());
  append_marks(stored.marks, deltas);
  std::vector<Change> changes = missing_helpers(table.helpers, program.helpers, stored.marks);
  std::vector<Helper> unnamed;
  for (const Helper& helper : table.helpers) {
    if (has(program.helpers, helper)) continue;
    // The chains that stay for their counts may name it.
    if (in_place) {
      unnamed.push_back(helper);
    } else {
      stored.marks.push_back(mark(helper));
    }
  }
  seal(stored, table.flags);
  for (Change& change : carry_out(deltas)) changes.push_back(std::move(change));
  for (const Helper& helper : unnamed) changes.emplace_back(DeleteHelper{helper.name});
  append_pieces(changes, table.pieces, stored);
  return changes;
}

std::vector<Change> build_anew(const KernelTable& now, Program program, std::string_view source,
                               std::string_view transaction) {
  std::vector<Change> changes;
  if (now.present) changes.emplace_back(DeleteTable{});
  changes.emplace_back(AddTable{});
  Stored stored{.source = std::string(source), .transaction = std::string(transaction)};
  for (Change& change : missing_helpers({}, program.helpers, stored.marks))
    changes.push_back(std::move(change));
  std::vector<ChainDelta> deltas = compare(KernelTable{}, 0, program);
  for (Change& change : carry_out(deltas)) changes.push_back(std::move(change));
  changes.emplace_back(AddSourceSet{});
  append_marks(stored.marks, deltas);
  seal(stored, 0);
  append_pieces(changes, {}, stored);
  return changes;
}

Counts counts(const Sound& now) {
  Counts out;
  for (const KernelChain& chain : now.table->chains) {
    const bool live = in_force(chain, now.stored->epoch);
    for (const KernelRule& rule : chain.rules) {
      if (rule.id == ir::kNoId) continue;
      ir::Counters& sum = out.all[rule.id];
      sum = sum + rule.counters;
      if (live) continue;
      ir::Counters& gone = out.retired[rule.id];
      gone = gone + rule.counters;
    }
  }
  return out;
}

}  // namespace bulkhead::backend::nft
