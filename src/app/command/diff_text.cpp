// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "app/command/diff.h"
#include "app/json.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

bool passes(const Fate& fate) { return fate.words.starts_with("accepted"); }

std::string fate_text(const std::string& name, size_t width, const Fate& fate, const Paint& paint) {
  std::string text = fmt::format(
      "    {:{}}  {}", printable(name), width,
      passes(fate) ? paint.good(printable(fate.words)) : paint.bad(printable(fate.words)));
  if (fate.by.empty()) return text + "\n";
  for (size_t i = 0; i < fate.by.size(); ++i) {
    const Fate::By& by = fate.by[i];
    text += i == 0 ? " by " : fmt::format("\n    {:{}}  and by ", "", width);
    text += printable(by.place);
    if (!by.rule.empty()) text += "  " + paint.faint(printable(by.rule));
  }
  return text + "\n";
}

// What the two are called beside each change: their names, without their folders where these would
// push the rest off the page.
std::pair<std::string, std::string> labels(const Diff& diff) {
  constexpr size_t kLongest = 24;
  const auto fit = [](const std::string& a, const std::string& b) {
    return a != b && std::max(a.size(), b.size()) <= kLongest;
  };
  if (diff.before == diff.after || fit(diff.before, diff.after)) return {diff.before, diff.after};
  const auto base = [](const std::string& name) { return name.substr(name.rfind('/') + 1); };
  if (fit(base(diff.before), base(diff.after))) return {base(diff.before), base(diff.after)};
  return {"before", "after"};
}

std::string change_text(const Diff& diff, const ToldChange& change, const Paint& paint) {
  const auto [before, after] = labels(diff);
  const size_t width = std::max(before.size(), after.size());
  return fmt::format("  {}{}\n    {}\n",
                     change.exact ? "" : "some of: ", paint.strong(printable(change.packets)),
                     paint.faint("for example " + printable(change.witness) +
                                 (change.cut_off ? ", its header cut off" : ""))) +
         fate_text(before, width, change.before, paint) +
         fate_text(after, width, change.after, paint);
}

std::string_view direction_word(const ToldChange& change) {
  if (passes(change.before) == passes(change.after)) return "changes";
  return passes(change.after) ? "opens" : "closes";
}

std::string title(const FamilyDiff& family, const std::string& table, const std::string& chain) {
  return fmt::format("{}, table {}, {}", family_name(family.family), table, chain);
}

std::string family_text(const Diff& diff, const FamilyDiff& family, const Paint& paint) {
  std::string text;
  std::string last;
  for (const ToldChange& change : family.changes) {
    const std::string here =
        fmt::format("{} {}:", title(family, change.table, change.chain), direction_word(change));
    if (here != last) text += paint.name(here) + "\n";
    last = here;
    text += change_text(diff, change, paint);
  }
  for (const pass::UnknownPackets& unknown : family.unknown) {
    text += fmt::format(
        "{}\n  {}: it can't be known whether they are treated alike. A rule asks for what a target "
        "before it has written.\n",
        paint.name(title(family, unknown.table, unknown.chain)),
        paint.warning(printable(unknown.packets)));
  }
  return text;
}

// What to say beside the behaviour.
std::string sameness(const FamilyDiff& family) {
  if (family.same_rules) return "the rules are the same";
  if (!family.same_logging) return "the rules differ, also in what they log";
  return "the rules differ, not what they do";
}

std::string verdict(const FamilyDiff& family, const Paint& paint) {
  if (!family.changes.empty()) {
    return fmt::format("{}{}", paint.bad("different"),
                       family.same_logging ? "" : ", and so is what they log");
  }
  if (!family.unknown.empty()) return paint.warning("not known to be the same");
  return fmt::format("{}: {}", paint.good("the same"), sameness(family));
}

Json json_of(const Fate& fate) {
  Json by = Json::array();
  for (const Fate::By& each : fate.by) {
    Json one{{"place", each.place}};
    if (!each.rule.empty()) one["rule"] = each.rule;
    by.push_back(std::move(one));
  }
  return {{"fate", fate.words}, {"by", std::move(by)}};
}

Json json_of(const FamilyDiff& family) {
  Json changes = Json::array();
  for (const ToldChange& change : family.changes) {
    changes.push_back({{"table", change.table},
                       {"chain", change.chain},
                       {"packets", change.packets},
                       {"exact", change.exact},
                       {"witness", change.witness},
                       {"cut_off", change.cut_off},
                       {"before", json_of(change.before)},
                       {"after", json_of(change.after)}});
  }
  Json unknown = Json::array();
  for (const pass::UnknownPackets& each : family.unknown)
    unknown.push_back({{"table", each.table}, {"chain", each.chain}, {"packets", each.packets}});
  const bool same = family.changes.empty();
  return {{"family", family_name(family.family)},
          {"same", same && !family.unknown.empty() ? Json() : Json(same)},
          {"same_rules", family.same_rules},
          {"same_logging", family.same_logging},
          {"changes", std::move(changes)},
          {"unknown", std::move(unknown)}};
}

}  // namespace

std::string diff_text(const Diff& diff, const Paint& paint) {
  std::string text;
  for (const FamilyDiff& family : diff.families) text += family_text(diff, family, paint);
  if (!text.empty()) text += "\n";
  for (const FamilyDiff& family : diff.families)
    text += fmt::format("{}: {}\n", family_name(family.family), verdict(family, paint));
  for (const Diff::Alone& alone : diff.alone) {
    text += fmt::format("{}: not compared, only {} speaks of it\n", family_name(alone.family),
                        printable(alone.name));
  }
  return text;
}

std::string diff_json(const Diff& diff) {
  Json families = Json::array();
  for (const FamilyDiff& family : diff.families) families.push_back(json_of(family));
  Json alone = Json::array();
  for (const Diff::Alone& each : diff.alone)
    alone.push_back({{"family", family_name(each.family)}, {"in", each.name}});
  return json_text({{"before", diff.before},
                    {"after", diff.after},
                    {"same", exit_code(diff) == kTrouble ? Json() : Json(exit_code(diff) == 0)},
                    {"families", std::move(families)},
                    {"not_compared", std::move(alone)},
                    {"warnings", diff.warnings}});
}

}  // namespace bulkhead::app
