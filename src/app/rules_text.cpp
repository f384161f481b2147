// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/rules_text.h"

#include "app/counted.h"
#include "lang/print.h"
#include "lang/restore.h"
#include "net/names.h"

namespace bulkhead::app {

namespace {

bool is_comment(const ir::Match& match) { return match.name == "comment"; }

Result<ir::Ruleset> parse(const Source& source, net::Family family, lang::RestoreOptions options,
                          const net::Names& names = net::SystemNames()) {
  options.names = &names;
  ir::Ruleset rules{.family = family, .tables = {}};
  if (auto read = lang::restore(source, options, rules); !read) return read.error();
  return rules;
}

}  // namespace

std::string rules_text(const ir::Ruleset& rules, Counts counts) {
  if (counts == Counts::kShown) return lang::save(rules, {.counters = true});
  ir::Ruleset uncounted = rules;
  each_counted(uncounted, [](ir::RuleId, ir::Counters& count) { count = {}; });
  return lang::save(uncounted);
}

Result<ir::Ruleset> parse_rules(const Source& source, net::Family family, Counts counts,
                                std::vector<std::string>* warnings,
                                std::vector<lang::Unread>* unread) {
  return parse(source, family,
               {.counters = counts == Counts::kShown, .warnings = warnings, .unread = unread});
}

Result<ir::Ruleset> parse_own_rules(const Source& source, net::Family family) {
  // We write addresses. A name is somebody else's and must not make us wait for a name server.
  return parse(source, family, {.counters = true, .spans = false},
               net::SystemNames(net::SystemNames::Hosts::kNotAsked));
}

std::string rule_words(const ir::Rule& rule, net::Family family) {
  std::string text = lang::rule_text("X", rule, family);
  constexpr std::string_view kAppend = "-A X";
  text.erase(0, text.size() > kAppend.size() ? kAppend.size() + 1 : kAppend.size());
  return text;
}

std::string condition_words(const ir::Rule& rule, net::Family family) {
  ir::Rule conditions = rule;
  conditions.target = {};
  std::erase_if(conditions.matches, is_comment);
  return rule_words(conditions, family);
}

std::string comment_of(const ir::Rule& rule) {
  std::string all;
  for (const ir::Match& match : rule.matches) {
    if (!is_comment(match)) continue;
    for (const ir::Argument& argument : match.arguments) {
      all += (all.empty() ? "" : "; ") + argument.text;
    }
  }
  return all;
}

}  // namespace bulkhead::app
