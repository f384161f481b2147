// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/trace_words.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "lang/check.h"
#include "lang/head.h"
#include "lang/parse.h"
#include "lang/words.h"

namespace bulkhead::app {

namespace {

// Its chains hang in every hook, so a match may be tried at each.
constexpr std::string_view kTable = "mangle";

lang::CommandLine command_line(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size());
  for (std::string& word : words) pointers.push_back(word.data());
  return lang::words_of_argv(pointers);
}

Result<std::vector<ir::Rule>> read_rules(const lang::CommandLine& line, net::Family family,
                                         const net::Names& names) {
  std::vector<lang::Word> words{{"-t", {}}, {std::string(kTable), {}}, {"-A", {}}, {"traced", {}}};
  words.insert(words.end(), line.words.begin(), line.words.end());
  auto command = lang::parse_command(words, family, names);
  if (!command) return command.error();
  if (command->refusal) return *command->refusal;
  auto* const append = std::get_if<lang::Append>(&command->operation);
  if (append == nullptr || command->table != kTable) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "a trace is described by a rule's matches, without a command"};
  }
  for (const ir::Rule& rule : append->rules) {
    if (rule.target.name.empty()) continue;
    return Error{
        .kind = ErrorKind::kUsage, .message = "a trace takes no target", .span = rule.target.span};
  }
  return std::move(append->rules);
}

bool asks_for(const ir::Rule& rule, std::string_view option) {
  return std::ranges::any_of(
      rule.head.arguments, [&](const ir::Argument& argument) { return argument.option == option; });
}

// Whether the hook knows what the rule asks for. The error is of the rows.
Result<void> fits(const ir::Rule& rule, net::Family family, const ir::BuiltinChain& at) {
  const bool has_in = at.hook != ir::Hook::kOutput && at.hook != ir::Hook::kPostrouting;
  const bool has_out = at.hook != ir::Hook::kPrerouting && at.hook != ir::Hook::kInput;
  if ((asks_for(rule, lang::kInInterface) && !has_in) ||
      (asks_for(rule, lang::kOutInterface) && !has_out)) {
    return Error{.kind = ErrorKind::kRefused,
                 .message = fmt::format("{} doesn't know that interface", at.name)};
  }
  ir::Ruleset rules{.family = family, .tables = {ir::empty_table(kTable)}};
  // The policies and the rule.
  ir::RuleId id = 1;
  for (ir::Chain& chain : rules.tables[0].chains) chain.policy_id = id++;
  auto& placed = rules.tables[0].find(at.name)->rules.emplace_back(rule);
  placed.id = id++;
  rules.next_id = id;
  return lang::check(rules);
}

// Where the packets of the rules are chosen: on each way (in, through, out) at the first hook that
// knows what is asked.
Result<std::vector<ir::Hook>> hooks_for(const std::vector<ir::Rule>& rules, net::Family family) {
  std::array<bool, 5> can{};
  std::optional<Error> why;
  for (const ir::BuiltinChain& chain : ir::builtin_table(kTable)->chains) {
    bool all = true;
    for (const ir::Rule& rule : rules) {
      auto fit = fits(rule, family, chain);
      if (!fit && !why) why = fit.error();
      all = all && fit.ok();
    }
    can[static_cast<size_t>(chain.hook)] = all;
  }
  std::vector<ir::Hook> hooks;
  const auto use = [&](ir::Hook hook) {
    if (can[static_cast<size_t>(hook)]) hooks.push_back(hook);
    return can[static_cast<size_t>(hook)];
  };
  if (!use(ir::Hook::kPrerouting)) {
    use(ir::Hook::kInput);
    use(ir::Hook::kForward);
  }
  use(ir::Hook::kOutput);
  if (hooks.empty()) use(ir::Hook::kPostrouting);
  if (hooks.empty()) return *why;
  return hooks;
}

bool asks_for_connection(const ir::Constraint& constraint, net::Family family) {
  return constraint.field->location(family).base == ir::Base::kConntrack;
}

bool asks_for_connection(const ir::Predicate& predicate, net::Family family) {
  static constexpr std::string_view kModules[] = {"cluster",  "connbytes", "connlabel",
                                                  "connmark", "conntrack", "helper"};
  return std::ranges::any_of(predicate, [&](const ir::Condition& condition) {
    if (const auto* one = std::get_if<ir::Constraint>(&condition))
      return asks_for_connection(*one, family);
    if (const auto* any = std::get_if<ir::AnyOf>(&condition)) {
      return std::ranges::any_of(any->alternatives, [&](const ir::Constraint& one) {
        return asks_for_connection(one, family);
      });
    }
    const auto* opaque = std::get_if<ir::Opaque>(&condition);
    return opaque != nullptr && std::ranges::find(kModules, opaque->name) != std::end(kModules);
  });
}

ir::Predicate predicate_of(const ir::Rule& rule) {
  ir::Predicate all = rule.head.predicate;
  for (const ir::Match& match : rule.matches)
    all.insert(all.end(), match.predicate.begin(), match.predicate.end());
  return all;
}

Result<backend::TraceStart> start_of(const lang::CommandLine& line, net::Family family,
                                     const net::Names& names) {
  auto rules = read_rules(line, family, names);
  if (!rules) return rules.error();
  auto hooks = hooks_for(*rules, family);
  if (!hooks) return hooks.error();
  backend::TraceStart start{.family = family, .hooks = *std::move(hooks), .any_of = {}};
  for (const ir::Rule& rule : *rules) {
    start.any_of.push_back(predicate_of(rule));
    start.behind_conntrack |= asks_for_connection(start.any_of.back(), family);
  }
  return start;
}

}  // namespace

Result<std::vector<backend::TraceStart>, Failure> trace_starts(std::vector<std::string> words,
                                                               std::optional<net::Family> family,
                                                               const net::Names& names) {
  const lang::CommandLine line = command_line(words);
  std::vector<backend::TraceStart> starts;
  std::optional<Error> why;  // IPv4's word, if it isn't asked for IPv6 alone
  for (const net::Family one : net::kFamilies) {
    if (family && *family != one) continue;
    auto start = start_of(line, one, names);
    if (start) {
      starts.push_back(*std::move(start));
    } else if (!why) {
      why = start.error();
    }
  }
  if (starts.empty()) return Failure{*why, line.source};
  return starts;
}

}  // namespace bulkhead::app
