// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/import.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/console.h"
#include "app/report.h"
#include "app/rules_input.h"
#include "app/store.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

std::string tool_name(const OtherRules& rules) {
  return fmt::format("{}-{}", rules.family == net::Family::kIpv4 ? "iptables" : "ip6tables",
                     variant_word(rules.variant));
}

Result<std::vector<OtherRules>> find_rules(const ImportOptions& options) {
  std::vector<OtherRules> found;
  for (const Variant variant : {Variant::kLegacy, Variant::kNft}) {
    if (options.from && *options.from != variant) continue;
    for (const net::Family family : net::kFamilies) {
      auto rules = read_other(variant, family);
      if (!rules) return rules.error();
      if (*rules && (*rules)->enforces()) found.push_back(**std::move(rules));
    }
  }
  const bool both = !found.empty() && found.front().variant != found.back().variant;
  if (both) {
    return Error{
        .kind = ErrorKind::kRefused,
        .message =
            "iptables-legacy and iptables-nft both have rules, and a packet must pass both; they "
            "can't be taken over as one",
        .hint = "take one of them over, then look at the other: bulkhead import --from legacy"};
  }
  return found;
}

// The rules alone: without comments (a date) and counts.
std::string without_counts(std::string_view save) {
  std::string text;
  while (!save.empty()) {
    std::string_view line = save.substr(0, save.find('\n'));
    save.remove_prefix(std::min(line.size() + 1, save.size()));
    if (line.starts_with('#')) continue;
    if (line.starts_with('[')) line.remove_prefix(std::min(line.find("] ") + 2, line.size()));
    if (line.starts_with(':')) line = line.substr(0, line.rfind('['));
    text.append(line).append("\n");
  }
  return text;
}

// Whether the tool still holds what was read: somebody may have added a rule since.
bool unchanged(const OtherRules& then) {
  const auto now = read_other(then.variant, then.family);
  return now && *now && without_counts((*now)->text) == without_counts(then.text);
}

bool confirmed(const ImportOptions& options) {
  if (options.yes) return true;
  if (isatty(STDIN_FILENO) != 1) return false;
  print("Take them over? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

// What it takes over, and what it takes the place of.
std::string announcement(const std::vector<OtherRules>& found,
                         const std::vector<ir::Ruleset>& rulesets, const View& ours) {
  std::string text;
  for (const OtherRules& other : found)
    text += fmt::format("Of {}:\n\n{}\n", tool_name(other), other.text);
  for (const ir::Ruleset& rules : rulesets) {
    if (!ours.of(rules.family).present) continue;
    text += fmt::format("They take the place of the rules that bulkhead has now ({}).\n",
                        summary(ours.of(rules.family).rules));
  }
  return text;
}

int remove_old(const std::vector<OtherRules>& found) {
  for (const OtherRules& other : found) {
    if (!unchanged(other)) {
      warn(
          fmt::format("the rules of {} have changed meanwhile and are left in force beside ours; "
                      "look at them, then run `bulkhead import` again",
                      tool_name(other)));
      return kFailed;
    }
    if (auto removed = remove_other(other); !removed) {
      warn(fmt::format("the rules of {} are still there beside ours: {}", tool_name(other),
                       removed.error().message));
      return kFailed;
    }
  }
  print("the old rules are removed\n");
  return kDone;
}

}  // namespace

int run_import(const ImportOptions& options) {
  const auto found = find_rules(options);
  if (!found) return report(found.error());
  if (found->empty()) {
    print(
        "neither iptables-legacy nor iptables-nft has rules here: there is nothing to take over\n");
    return kDone;
  }
  std::vector<RulesInput> inputs;
  for (const OtherRules& other : *found) {
    inputs.push_back({Source(tool_name(other) + "-save", other.text), other.family});
  }
  auto rulesets = parse_inputs(inputs, Counts::kShown);
  if (!rulesets) {
    warn("nothing is taken over and nothing is changed, because of this rule:");
    return report(rulesets.error());
  }
  const auto backend = open_backend();
  if (!backend) return report(backend.error());
  Store store(**backend);
  const auto ours = store.look();
  if (!ours) return report(ours.error());

  print(announcement(*found, *rulesets, *ours));
  if (!confirmed(options)) {
    return report({.kind = ErrorKind::kRefused,
                   .message = "nothing is taken over and nothing is changed",
                   .hint = "to take the rules over: bulkhead import --yes"});
  }
  if (!std::ranges::all_of(*found, unchanged)) {
    return report({.kind = ErrorKind::kRefused,
                   .message = "the old rules have changed since they were shown; nothing is taken "
                              "over and nothing is changed",
                   .hint = "run `bulkhead import` again"});
  }
  if (auto loaded = store.replace(*rulesets, options.wait); !loaded) return report(loaded.error());
  std::vector<std::string> parts;
  std::ranges::transform(*rulesets, std::back_inserter(parts),
                         [](const ir::Ruleset& rules) { return summary(rules); });
  print(fmt::format("in force: {}\n", fmt::join(parts, ", ")));
  if (options.keep) {
    print("the old rules are still in force too (--keep)\n");
    return kDone;
  }
  return remove_old(*found);
}

}  // namespace bulkhead::app
