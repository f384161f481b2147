// SPDX-License-Identifier: GPL-2.0-or-later
// Whether somebody hears of what is dropped, and not too often. A rule that logs decides nothing:
// who meets it is seen where it does.
#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "app/audit/variants.h"
#include "app/explanation.h"
#include "app/rules_text.h"
#include "pass/host_functions.h"

namespace bulkhead::app::audit {

namespace {

using net::Direction;
using set::Node;

constexpr std::string_view kLog =
    "-m limit --limit 10/minute --limit-burst 20 -j LOG --log-prefix \"bulkhead drop: \"";

// What these rules let in.
Node let_in(const Rules& rules, const ir::Ruleset& by) {
  set::Model& model = rules.packets.model();
  pass::HostFunctions functions(model, by);
  return model.where(
      functions.on_the_way(Direction::kInput), [&](std::span<const set::Outcome> possible) {
        return std::ranges::any_of(
            possible, [&](const set::Outcome& it) { return set::may_pass(it, model.outcomes()); });
      });
}

bool has_logs(const ir::Table& table) {
  return std::ranges::any_of(
      table.chains, [](const ir::Chain& it) { return std::ranges::any_of(it.rules, logs); });
}

// Of what is dropped, what some rule logs at this pace.
Node logged_at(const Rules& rules, Pace pace) {
  set::Arena& arena = rules.packets.arena();
  const ir::Ruleset all = at_pace(rules.rules, pace, recent_lists(rules.rules));
  ir::Ruleset open = all;
  if (ir::Table* const filter = open.find("filter")) {
    filter->find("INPUT")->rules.clear();
    filter->find("INPUT")->policy = ir::Policy::kAccept;
  }
  Node logged = set::kNothing;
  for (const ir::Table& table : all.tables) {
    if (!has_logs(table)) continue;
    // Behind the other tables somebody else drops.
    const bool filters = table.name == "filter";
    const Node here = filters
                          ? arena.subtract(let_in(rules, with_logs(all, table.name, ir::Accept{})),
                                           let_in(rules, all))
                          : arena.subtract(let_in(rules, open),
                                           let_in(rules, with_logs(open, table.name, ir::Drop{})));
    logged = arena.unite(logged, here);
  }
  return logged;
}

// The rule that logs the packet and has no bound, nor has one that led there.
struct NoisyRule {
  std::string chain;
  size_t number;
  std::string words;
};
std::optional<NoisyRule> noisy_rule(const Rules& rules, const Explanation& why) {
  // By table and chain: those that are called at a bounded rate only.
  std::set<std::pair<std::string, std::string>> bounded;
  for (const Passage& passage : why.passages) {
    const ir::Table* const table = rules.rules.find(passage.table);
    for (const MetRule& met : passage.met) {
      if (!met.number || met.matched == backend::sim::Truth::kNo) continue;
      const ir::Rule& rule = table->find(met.chain)->rules[*met.number - 1];
      const bool often = !has_bound(rule) && !bounded.contains({passage.table, met.chain});
      if (const auto* const jump = std::get_if<ir::Jump>(&rule.target.action); jump && !often)
        bounded.emplace(passage.table, jump->chain);
      if (logs(rule) && often && passage.table == "filter")
        return NoisyRule{met.chain, *met.number, met.rule};
    }
  }
  return {};
}

// Of one protocol: what is dropped by INPUT's end, or, where that drops nothing, by any rule.
Node dropped_of(const Rules& rules, uint8_t protocol, Node open_end) {
  Packets& packets = rules.packets;
  const Node dropped = packets.arena().subtract(
      packets.all({packets.newcomers(), packets.usual(), packets.ordinary(Direction::kInput),
                   packets.of(ir::kProtocol, ir::ValueSet::of(protocol))}),
      packets.may_pass(Direction::kInput));
  const Node at_end = packets.all({dropped, open_end});
  return at_end == set::kNothing ? dropped : at_end;
}

// A packet of the set to a port of nobody's, if there is one: what the rules drop because they
// don't know it.
std::optional<Witness> to_no_service(const Rules& rules, Node set) {
  Packets& packets = rules.packets;
  const Node odd = packets.all(
      {set, packets.usual(), packets.of(ir::kDestinationPort, ir::ValueSet::range(32768, 60999))});
  return packets.witness(odd == set::kNothing ? set : odd, Direction::kInput);
}

// What is logged however fast it comes.
std::optional<Finding> noisy(const Rules& rules) {
  Packets& packets = rules.packets;
  const Node loud = packets.arena().subtract(
      packets.all({packets.at(Direction::kInput),
                   packets.states({ir::CtState::kNew, ir::CtState::kInvalid}),
                   logged_at(rules, Pace::kFast)}),
      packets.may_pass(Direction::kInput));
  if (loud == set::kNothing) return {};
  Finding finding{.text = "what INPUT drops is logged at any rate: it may fill the disk",
                  .family = rules.rules.family,
                  .witness = to_no_service(rules, loud)};
  if (!finding.witness) return finding;
  const auto rule = noisy_rule(rules, explained(rules.rules, *finding.witness));
  if (!rule) return finding;
  finding.text = fmt::format("rule {} of {} logs every packet: it may fill the disk", rule->number,
                             rule->chain);
  finding.remedy = {command(rules.rules.family,
                            fmt::format("-R {} {} -m limit --limit 10/minute --limit-burst 20 {}",
                                        rule->chain, rule->number, rule->words))};
  return finding;
}

}  // namespace

Answer drops_are_logged(const Rules& rules) {
  // A file doesn't say which interfaces are there.
  static constexpr const ir::Field* kAll[] = {&ir::kSource, &ir::kDestinationPort,
                                              &ir::kInInterface};
  const std::span<const ir::Field* const> fields{kAll, rules.host == nullptr ? 2U : 3U};
  static constexpr double kLittle = 1.0 / 16;
  Packets& packets = rules.packets;
  set::Arena& arena = packets.arena();
  const Commands append{command(rules.rules.family, fmt::format("-A INPUT {}", kLog))};
  if (auto finding = noisy(rules)) return fail_of({*std::move(finding)});
  const Node open_end = let_in(rules, with_open_end(rules.rules));
  const Node logged = logged_at(rules, Pace::kSlow);
  const auto pairs = [&](Node set) { return set::projected(packets.model(), set, fields); };
  Node dropped = set::kNothing;
  Node silent = set::kNothing;
  for (const uint8_t protocol : kPortProtocols) {
    const Node own = dropped_of(rules, protocol, open_end);
    if (own == set::kNothing) continue;
    dropped = arena.unite(dropped, own);
    // Some of each pair: broadcasts, say, may be dropped without a word.
    const Node untold = arena.subtract(own, pairs(packets.all({own, logged})));
    if (packets.share(pairs(untold), fields) > kLittle * packets.share(pairs(own), fields))
      silent = arena.unite(silent, untold);
  }
  if (dropped == set::kNothing) {
    return fail_of({{.text = "nothing is dropped, so nothing is logged",
                     .family = rules.rules.family,
                     .remedy = append}});
  }
  if (silent == set::kNothing) return pass();
  Finding finding{.text = packets.all({dropped, logged}) == set::kNothing
                              ? "what INPUT drops is not logged"
                              : "a part of what INPUT drops is not logged",
                  .family = rules.rules.family,
                  .witness = to_no_service(rules, silent),
                  .remedy = append};
  if (!finding.witness) return unknown("no packet was found that is dropped");
  // Before the rule that drops it, where it is one.
  const Explanation why = explain(rules.rules, finding.witness->packet, Direction::kInput);
  const MetRule& last = why.passages.back().met.back();
  if (last.number && why.passages.back().table == "filter") {
    finding.otherwise = {append};
    finding.remedy = {
        command(rules.rules.family, fmt::format("-I {} {} {}", last.chain, *last.number, kLog))};
  }
  return fail_of({finding});
}

}  // namespace bulkhead::app::audit
