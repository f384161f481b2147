// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/store.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include <fmt/format.h>

#include "app/counted.h"
#include "app/stored_source.h"
#include "classify/plan.h"
#include "host/transaction.h"
#include "ir/verify.h"
#include "pass/pass.h"

namespace bulkhead::app {

namespace {

using CounterMap = std::unordered_map<ir::RuleId, ir::Counters>;

ir::Counters count_of(const CounterMap& counters, ir::RuleId id) {
  const auto found = counters.find(id);
  return found == counters.end() ? ir::Counters{} : found->second;
}

Loaded understand(const backend::Installed& installed, net::Family family) {
  Loaded loaded{.present = installed.present,
                .damage = installed.damage,
                .transaction = installed.transaction,
                .rules = {.family = family}};
  if (!installed.present || !installed.damage.empty()) return loaded;
  auto rules = read_source(installed.source, family);
  if (!rules) {
    loaded.damage = rules.error().message;
    return loaded;
  }
  loaded.rules = *std::move(rules);
  each_counted(loaded.rules, [&](ir::RuleId id, ir::Counters& count) {
    count = count + count_of(installed.counters, id);
  });
  return loaded;
}

// The first id that was surely never used in the life of this table.
ir::RuleId unused_id(const backend::Installed& installed, const ir::Ruleset& rules) {
  ir::RuleId next = rules.next_id;
  for (const auto& [id, count] : installed.counters) next = std::max(next, id + 1);
  return next;
}

// Equal in all that is stored. Rule::operator== leaves ids and counters out, which matter here.
bool same(const ir::Ruleset& a, const ir::Ruleset& b) {
  const auto same_rule = [](const ir::Rule& x, const ir::Rule& y) {
    return x.id == y.id && x.counters == y.counters && x == y;
  };
  const auto same_chain = [&](const ir::Chain& x, const ir::Chain& y) {
    return x.name == y.name && x.policy == y.policy && x.policy_id == y.policy_id &&
           x.policy_counters == y.policy_counters &&
           std::ranges::equal(x.rules, y.rules, same_rule);
  };
  return std::ranges::equal(a.tables, b.tables, [&](const ir::Table& x, const ir::Table& y) {
    return x.name == y.name && std::ranges::equal(x.chains, y.chains, same_chain);
  });
}

std::string random_word() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

void give_ids(ir::Ruleset& rules) {
  each_counted(rules, [&](ir::RuleId& id, const ir::Counters&) {
    if (id == ir::kNoId) id = rules.next_id++;
  });
}

// With ids that were never used in the life of the table that it replaces.
ir::Ruleset with_new_ids(ir::Ruleset rules, const backend::Installed& installed) {
  each_counted(rules, [](ir::RuleId& id, const ir::Counters&) { id = ir::kNoId; });
  rules.next_id = unused_id(installed, understand(installed, rules.family).rules);
  give_ids(rules);
  return rules;
}

// Where the rules stand in the user's text, as far as they do.
using Places = std::unordered_map<ir::RuleId, Span>;

Places places_of(const ir::Ruleset& rules) {
  Places places;
  for (const ir::Table& table : rules.tables) {
    for (const ir::Chain& chain : table.chains) {
      for (const ir::Rule& rule : chain.rules) {
        if (!rule.span.empty()) places.emplace(rule.id, rule.span);
      }
    }
  }
  return places;
}

// A back end knows the rule at fault by its id only.
Error placed(Error error, const Places& places) {
  const auto place = places.find(error.rule);
  if (error.span.empty() && place != places.end()) error.span = place->second;
  return error;
}

// From a ruleset with live counts and ids to what the back end is to hold.
Result<backend::Desired> compile(ir::Ruleset rules, const backend::Installed& installed,
                                 unsigned max_depth) {
  const net::Family family = rules.family;
  if (rules.tables.empty()) return backend::Desired{.family = family, .plan = {}, .source = {}};
  if (auto sound = ir::verify(rules); !sound) return sound.error();

  ir::Ruleset offsets = rules;
  each_counted(offsets, [&](ir::RuleId id, ir::Counters& count) {
    // What stays in the kernel goes on counting there; what the commit removes is carried by the
    // offset.
    count = count - (count_of(installed.counters, id) - count_of(installed.retired, id));
  });
  auto rewritten = pass::run(std::move(rules), {.max_depth = max_depth});
  if (!rewritten) return rewritten.error();
  return backend::Desired{.family = family,
                          .plan = classify::classify(*rewritten),
                          .source = write_source(offsets, random_word())};
}

}  // namespace

Error damaged(net::Family family, std::string_view why) {
  const std::string_view word = net::family_word(family);
  return {.kind = ErrorKind::kDamaged,
          .message = fmt::format("the table `{} bulkhead' is damaged: {}", word, why),
          .hint = fmt::format("`nft list table {} bulkhead` shows what is there; a full load "
                              "replaces it: bulkhead apply FILE, or bulkhead boot if rules are "
                              "saved; bulkhead clear takes it away",
                              word)};
}

Result<View> Store::look() {
  const auto snapshot = backend_.read();
  if (!snapshot) return snapshot.error();
  return View{.v4 = understand(snapshot->v4, net::Family::kIpv4),
              .v6 = understand(snapshot->v6, net::Family::kIpv6)};
}

Result<ir::Ruleset> Store::load(net::Family family) {
  const auto snapshot = backend_.read();
  if (!snapshot) return snapshot.error();
  Loaded loaded = understand(snapshot->of(family), family);
  if (!loaded.damage.empty()) return damaged(family, loaded.damage);
  return std::move(loaded.rules);
}

Result<void> Store::change(net::Family family, std::chrono::seconds wait, const Edit& edit,
                           OnDamage on_damage, std::string* replaced) {
  Places places;
  const auto committed = host::transact(
      backend_, wait, [&](const backend::Snapshot& look) -> Result<std::vector<backend::Desired>> {
        const backend::Installed& installed = look.of(family);
        const Loaded loaded = understand(installed, family);
        const bool sound = loaded.damage.empty();
        if (!sound && on_damage == OnDamage::kRefuse) return damaged(family, loaded.damage);
        if (replaced != nullptr) *replaced = loaded.damage;

        ir::Ruleset edited = loaded.rules;
        if (auto done = edit(edited); !done) return done.error();
        if (sound && same(loaded.rules, edited)) return std::vector<backend::Desired>{};
        if (!sound && edited.find("filter") == nullptr) return damaged(family, loaded.damage);
        if (!sound) edited.next_id = unused_id(installed, edited);
        give_ids(edited);
        places = places_of(edited);
        auto desired = compile(std::move(edited), installed, backend_.max_depth());
        if (!desired) return desired.error();
        return std::vector{*std::move(desired)};
      });
  return committed ? committed : placed(committed.error(), places);
}

Result<std::vector<backend::Desired>> Store::replacement(std::span<const ir::Ruleset> rulesets,
                                                         const backend::Snapshot& look) const {
  std::vector<backend::Desired> all;
  for (const ir::Ruleset& rules : rulesets) {
    const backend::Installed& installed = look.of(rules.family);
    if (!installed.present && rules.tables.empty()) continue;
    auto desired = compile(with_new_ids(rules, installed), installed, backend_.max_depth());
    if (!desired) return desired.error();
    all.push_back(*std::move(desired));
  }
  return all;
}

Result<void> Store::replace(std::span<const ir::Ruleset> rulesets, std::chrono::seconds wait) {
  return host::transact(backend_, wait,
                        [&](const backend::Snapshot& look) { return replacement(rulesets, look); });
}

Result<void> Store::rehearse(std::span<const ir::Ruleset> rulesets) {
  constexpr int kTries = 10;  // where others change nf_tables meanwhile
  Result<void> done;
  for (int i = 0; i < kTries; ++i) {
    const auto look = backend_.read();
    if (!look) return look.error();
    const auto desired = replacement(rulesets, *look);
    if (!desired) return desired.error();
    done = backend_.rehearse(*look, *desired);
    if (done) break;
    // Of two families, a place could be in either text.
    if (rulesets.size() == 1 && done.error().rule != ir::kNoId) {
      const ir::Ruleset& rules = rulesets.front();
      done = placed(done.error(), places_of(with_new_ids(rules, look->of(rules.family))));
    }
    if (done.error().kind != ErrorKind::kStale) break;
  }
  return done;
}

Result<void> Store::clear(std::span<const net::Family> families, std::chrono::seconds wait) {
  std::vector<ir::Ruleset> empty;
  for (const net::Family family : families) empty.push_back({.family = family, .tables = {}});
  return replace(empty, wait);
}

}  // namespace bulkhead::app
