// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/diff.h"

#include <unistd.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "app/report.h"
#include "app/rules_text.h"
#include "app/summary.h"
#include "app/witness_packet.h"
#include "backend/sim/point.h"
#include "pass/same_rules.h"

namespace bulkhead::app {

namespace {

namespace sim = backend::sim;

std::string place_of(const sim::Met& met) {
  return met.rule < met.chain->rules.size()
             ? fmt::format("rule {} of {}", met.rule + 1, met.chain->name)
             : fmt::format("the policy of {}", met.chain->name);
}

// The rules that make of the packet what becomes of it, as the simulator meets them.
Fate fate_of(const ir::Ruleset& rules, const set::Space& space, const pass::ChangedPackets& change,
             std::string words) {
  Fate fate{.words = std::move(words), .by = {}};
  const auto outcome =
      sim::evaluate(rules, change.table, sim::packet_at(space, change.witness, change.hook),
                    sim::answers_at(space, change.witness));
  for (const sim::Met& met : outcome.trace) {
    const bool last = &met == &outcome.trace.back();
    const ir::Rule* rule =
        met.rule < met.chain->rules.size() ? &met.chain->rules[met.rule] : nullptr;
    const bool writes = rule != nullptr && met.matched == sim::Truth::kYes &&
                        ir::changes_packet(rule->target.action);
    if (!last && !writes) continue;
    fate.by.push_back({place_of(met), rule != nullptr ? rule_words(*rule, rules.family) : ""});
  }
  return fate;
}

Result<Diff> too_different(const RulesToAnalyse& before, const RulesToAnalyse& after) {
  return Error{
      .kind = ErrorKind::kUsage,
      .message = fmt::format("{} and {} are for different families", before.name, after.name),
      .hint = "*.v4 is for IPv4, *.v6 for IPv6, any other file for both"};
}

}  // namespace

Result<FamilyDiff> diff_of(const ir::Ruleset& before, const ir::Ruleset& after,
                           const pass::DifferenceOptions& options) {
  auto found = pass::difference(before, after, options);
  if (!found) return found.error();
  FamilyDiff diff{.family = before.family,
                  .changes = {},
                  .unknown = std::move(found->unknown),
                  .same_rules = pass::same_rules(before, after),
                  .same_logging = pass::same_logging(before, after)};
  for (const pass::ChangedPackets& change : found->changes) {
    const set::Shape shape = set::shape_of(*found->space, change.witness);
    diff.changes.push_back(
        {.table = change.table,
         .chain = change.chain,
         .packets = change.packets,
         .exact = change.exact,
         .witness = net::to_string(packet_of(*found->space, change.witness)),
         .cut_off = shape == set::Shape::kPortsOnly || shape == set::Shape::kCutOff,
         .before = fate_of(before, *found->space, change, change.before),
         .after = fate_of(after, *found->space, change, change.after)});
  }
  return diff;
}

Result<Diff> diff_of(const RulesToAnalyse& before, const RulesToAnalyse& after,
                     const pass::DifferenceOptions& options) {
  Diff diff{
      .before = before.name, .after = after.name, .families = {}, .alone = {}, .warnings = {}};
  for (const RulesToAnalyse* const side : {&before, &after})
    std::ranges::move(warnings_of(side->notes), std::back_inserter(diff.warnings));
  for (const net::Family family : net::kFamilies) {
    const auto a = std::ranges::find(before.rulesets, family, &ir::Ruleset::family);
    const auto b = std::ranges::find(after.rulesets, family, &ir::Ruleset::family);
    const bool has_a = a != before.rulesets.end();
    const bool has_b = b != after.rulesets.end();
    if (has_a != has_b) diff.alone.push_back({family, has_a ? before.name : after.name});
    if (!has_a || !has_b) continue;
    auto one = diff_of(*a, *b, options);
    if (!one) return one.error();
    diff.families.push_back(*std::move(one));
  }
  if (diff.families.empty()) return too_different(before, after);
  return diff;
}

int exit_code(const Diff& diff) {
  const auto changes = [](const FamilyDiff& it) { return !it.changes.empty(); };
  const auto unknown = [](const FamilyDiff& it) { return !it.unknown.empty(); };
  if (std::ranges::any_of(diff.families, changes)) return kDifferent;
  return std::ranges::any_of(diff.families, unknown) ? kTrouble : kDone;
}

int run_diff(const DiffOptions& options) {
  const auto trouble = [](auto failure) {
    const int code = report(failure);
    return code == kNoResource ? code : kTrouble;
  };
  // Reading one takes as long as reading the other.
  auto reading = std::async(std::launch::async, [&] { return rules_to_analyse(options.before); });
  const auto after = rules_to_analyse(options.after);
  const auto before = reading.get();
  if (!before) return trouble(before.error());
  if (!after) return trouble(after.error());
  const auto diff = diff_of(*before, *after, {.limits = options.limits, .most = options.most});
  if (!diff) return trouble(diff.error());
  print(options.json ? diff_json(*diff)
                     : diff_text(*diff, Paint(wants_color(options.color, STDOUT_FILENO))));
  return exit_code(*diff);
}

}  // namespace bulkhead::app
