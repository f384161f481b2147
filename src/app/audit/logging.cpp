// SPDX-License-Identifier: GPL-2.0-or-later
// Whether somebody hears of what is dropped, and not too often. A rule that logs decides nothing,
// so no set tells of it: the simulator's walk does, of a packet that the sets have found.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "app/audit/variants.h"
#include "app/explanation.h"
#include "app/rules_text.h"
#include "pass/chain_functions.h"

namespace bulkhead::app::audit {

namespace {

using net::Direction;
using set::Node;

constexpr std::string_view kLog =
    "-m limit --limit 10/minute --limit-burst 20 -j LOG --log-prefix \"bulkhead drop: \"";

bool logs(const ir::Rule& rule) {
  return std::holds_alternative<ir::Log>(rule.target.action) ||
         std::holds_alternative<ir::NetlinkLog>(rule.target.action);
}

// Whether it matches so often and no more. hashlimit's --hashlimit-above is the other way round: it
// matches what comes too often.
bool is_bounded(const ir::Rule& rule) {
  return std::ranges::any_of(rule.matches, [](const ir::Match& match) {
    if (match.name == "limit") return true;
    return match.name == "hashlimit" &&
           std::ranges::none_of(match.arguments, [](const ir::Argument& argument) {
             return (argument.option == "hashlimit-above") != argument.negated &&
                    (argument.option == "hashlimit-above" || argument.option == "hashlimit-upto" ||
                     argument.option == "hashlimit");
           });
  });
}

// What only the end of INPUT drops, its policy or its last rules: not who is banned, nor what is
// refused by name.
Node left_to_end(const Rules& rules) {
  const ir::Table* const table = rules.rules.find("filter");
  if (table == nullptr) return set::kEverything;
  const ir::Table others = without_end(*table);
  return rules.packets.model().where(
      pass::ChainFunctions(rules.packets.model(), others).of(*others.find("INPUT")),
      [](std::span<const set::Outcome> possible) {
        return std::ranges::any_of(
            possible, [](const set::Outcome& it) { return it.flow != set::Flow::kDecided; });
      });
}

}  // namespace

Answer drops_are_logged(const Rules& rules) {
  Packets& packets = rules.packets;
  const Commands append{command(rules.rules.family, fmt::format("-A INPUT {}", kLog))};
  // To a port of nobody's: what the rules drop because they don't know it.
  Node dropped = packets.arena().subtract(
      packets.all({packets.newcomers(), packets.usual(),
                   packets.of(ir::kProtocol, ir::ValueSet::of(net::kTcp)),
                   packets.of(ir::kDestinationPort, ir::ValueSet::range(32768, 60999))}),
      packets.may_pass(Direction::kInput));
  if (dropped == set::kNothing) {
    return fail_of({{.text = "nothing is dropped, so nothing is logged",
                     .family = rules.rules.family,
                     .remedy = append}});
  }
  const Node at_end = packets.all({dropped, left_to_end(rules)});
  if (at_end != set::kNothing) dropped = at_end;
  Finding finding{.text = "what INPUT drops is not logged",
                  .family = rules.rules.family,
                  .witness = packets.witness(dropped, Direction::kInput),
                  .remedy = append};
  if (!finding.witness) return unknown("no packet was found that is dropped");
  const Explanation why = explain(rules.rules, finding.witness->packet, Direction::kInput);
  // By table and chain: those that are called at a bounded rate only.
  std::set<std::pair<std::string, std::string>> bounded;
  for (const Passage& passage : why.passages) {
    const ir::Table* const table = rules.rules.find(passage.table);
    for (const MetRule& met : passage.met) {
      if (!met.number || met.matched == backend::sim::Truth::kNo) continue;
      const ir::Rule& rule = table->find(met.chain)->rules[*met.number - 1];
      const bool often = !is_bounded(rule) && !bounded.contains({passage.table, met.chain});
      if (const auto* const jump = std::get_if<ir::Jump>(&rule.target.action); jump && !often)
        bounded.emplace(passage.table, jump->chain);
      if (!logs(rule)) continue;
      if (!often) return pass();
      finding.text = fmt::format("rule {} of {} logs every packet: it may fill the disk",
                                 *met.number, met.chain);
      finding.remedy = {command(
          rules.rules.family, fmt::format("-R {} {} -m limit --limit 10/minute --limit-burst 20 {}",
                                          met.chain, *met.number, met.rule))};
      return fail_of({finding});
    }
  }
  // Before the rule that drops it, where it is one.
  const auto& last = why.passages.back().met.back();
  if (last.number && why.passages.back().table == "filter") {
    finding.otherwise = {append};
    finding.remedy = {
        command(rules.rules.family, fmt::format("-I {} {} {}", last.chain, *last.number, kLog))};
  }
  return fail_of({finding});
}

}  // namespace bulkhead::app::audit
