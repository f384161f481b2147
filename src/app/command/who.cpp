// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <fmt/format.h>

#include "app/command/explain.h"
#include "app/json.h"
#include "app/report.h"
#include "app/rules_to_analyse.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

Result<std::vector<ir::Ruleset>, Failure> rulesets_of(const std::vector<std::string>& files) {
  if (files.size() <= 1) {
    auto found = rules_to_analyse(files.empty() ? std::string(kKernelRules) : files.front());
    if (!found) return found.error();
    return std::move(found->rulesets);
  }
  std::vector<RulesInput> inputs;
  for (const std::string& file : files) {
    auto input = read_rules_file(file, {});
    if (!input) return Failure{input.error(), {}};
    inputs.push_back(*std::move(input));
  }
  return parse_inputs(inputs, Counts::kLeftOut, Reading::kLenient);
}

std::string decider_words(const std::optional<Decider>& decider, const std::string& without_rules) {
  if (!decider) return without_rules;
  if (!decider->number) return fmt::format("the policy of {}", decider->chain);
  return fmt::format("rule {} of {}", *decider->number, decider->chain);
}

std::string group_text(const WhoGroup& group, const std::string& without_rules,
                       const Paint& paint) {
  std::string text;
  for (const std::string& packets : group.packets)
    text += fmt::format("  {}\n", paint.strong(packets));
  if (group.more) text += "  and others\n";
  const std::string passes = group.surely ? paint.good("passes") : paint.warning("may pass");
  text += fmt::format("      {}{}{}", passes, group.decider ? " by " : ": ",
                      printable(decider_words(group.decider, without_rules)));
  if (group.decider && group.decider->number)
    text += "  " + paint.faint(printable(group.decider->rule));
  return text + "\n";
}

std::string led_text(const LedHere& led, net::Direction direction, const Paint& paint) {
  const std::string_view way = direction == net::Direction::kInput     ? ""
                               : direction == net::Direction::kForward ? " --forward"
                                                                       : " --output";
  return fmt::format(
      "  {} rule {} of nat {} leads {} {}{}\n", paint.warning("note:"), led.number,
      printable(led.chain), led.packets, led.to.empty() ? "there" : "to " + led.to,
      led.service.empty() ? "" : fmt::format(": ask `--who {}{}'", led.service, way));
}

}  // namespace

std::string who_text(const ExplainOptions& options, const std::vector<WhoAnswer>& answers,
                     const Paint& paint) {
  std::string text = fmt::format("new connections to {} at {}\n", printable(options.who),
                                 chain_of(options.direction));
  for (const WhoAnswer& answer : answers) {
    text += fmt::format("\n{}\n", paint.name(family_name(answer.family)));
    if (answer.groups.empty()) text += "  nobody\n";
    for (const WhoGroup& group : answer.groups)
      text += group_text(group, answer.without_rules, paint);
    for (const LedHere& led : answer.led) text += led_text(led, options.direction, paint);
  }
  return text;
}

std::string who_json(const ExplainOptions& options, const std::vector<WhoAnswer>& answers) {
  Json families = Json::array();
  for (const WhoAnswer& answer : answers) {
    Json groups = Json::array();
    for (const WhoGroup& group : answer.groups) {
      Json one{{"packets", group.packets},
               {"more", group.more},
               {"surely", group.surely},
               {"decided_by", decider_words(group.decider, answer.without_rules)}};
      if (group.decider && group.decider->number) one["rule"] = group.decider->rule;
      groups.push_back(std::move(one));
    }
    Json led = Json::array();
    for (const LedHere& each : answer.led) {
      led.push_back({{"chain", each.chain},
                     {"number", each.number},
                     {"packets", each.packets},
                     {"to", each.to.empty() ? Json() : Json(each.to)},
                     {"service", each.service.empty() ? Json() : Json(each.service)}});
    }
    families.push_back({{"family", family_name(answer.family)},
                        {"groups", std::move(groups)},
                        {"led_there", std::move(led)}});
  }
  return json_text({{"service", options.who},
                    {"chain", chain_of(options.direction)},
                    {"answers", std::move(families)}});
}

int run_who(const ExplainOptions& options) {
  const Source words("--who", options.who);
  const net::SystemNames names;
  const auto service = policy::parse_service(words, names);
  if (!service) return report(service.error(), words);
  const auto rulesets = rulesets_of(options.files);
  if (!rulesets) return report(rulesets.error());
  std::vector<WhoAnswer> answers;
  for (const ir::Ruleset& rules : *rulesets) {
    auto groups = who_reaches(rules, *service, options.direction, options.limits);
    if (!groups) return report(groups.error());
    answers.push_back({rules.family, *std::move(groups),
                       rules.tables.empty() ? "there are no rules" : "table filter has no rules",
                       led_to(rules, *service, options.direction)});
  }
  const Paint paint(wants_color(options.color, STDOUT_FILENO));
  print(options.json ? who_json(options, answers) : who_text(options, answers, paint));
  return kDone;
}

}  // namespace bulkhead::app
