// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/rules_input.h"

#include <unistd.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "app/report.h"
#include "app/rules_text.h"
#include "app/summary.h"
#include "host/files.h"

namespace bulkhead::app {

namespace {

// With the file's name where there is no place in it; where the user may not have meant both
// families, that is said.
Error of_input(Error error, const RulesInput& input, net::Family family) {
  if (error.span.empty()) error.message = fmt::format("{}: {}", input.source.name(), error.message);
  if (!input.family && error.hint.empty()) {
    error.hint = fmt::format(
        "`{}' is read for IPv4 and for IPv6, and this is an error for {}; mark the rule with "
        "-4 or -6, or name the file *.v4 or *.v6",
        input.source.name(), family_name(family));
  }
  return error;
}

Result<void, Failure> add_tables(ir::Ruleset& all, ir::Ruleset more, const RulesInput& input) {
  for (ir::Table& table : more.tables) {
    if (all.find(table.name) != nullptr) {
      return Failure{
          {.kind = ErrorKind::kUsage,
           .message = fmt::format("{}: table `{}' of {} stands in another file already",
                                  input.source.name(), table.name, family_name(all.family)),
           .hint = "a table is loaded as a whole, so one file must have all of it"},
          {}};
    }
    all.tables.push_back(std::move(table));
  }
  // In the order of the kernel's tables, whatever file they came from.
  const auto place = [](const ir::Table& table) {
    const auto& order = ir::builtin_tables();
    return std::ranges::find(order, std::string_view(table.name), &ir::BuiltinTable::name) -
           order.begin();
  };
  std::ranges::sort(all.tables, {}, place);
  return {};
}

}  // namespace

std::optional<net::Family> family_of_file(const std::string& name,
                                          std::optional<net::Family> given) {
  if (given) return given;
  if (name.ends_with(".v4")) return net::Family::kIpv4;
  if (name.ends_with(".v6")) return net::Family::kIpv6;
  return {};
}

Result<RulesInput> read_rules_file(const std::string& name, std::optional<net::Family> given) {
  auto text = name == "-" ? host::read_descriptor(STDIN_FILENO, "the standard input")
                          : host::read_file(name);
  if (!text) {
    Error error = text.error();
    error.kind = ErrorKind::kUsage;
    return error;
  }
  return RulesInput{Source(name, *std::move(text)), family_of_file(name, given)};
}

namespace {

Result<std::vector<ir::Ruleset>, Failure> parse_noting(const std::vector<RulesInput>& inputs,
                                                       Counts counts, Reading reading,
                                                       ReadingNotes& notes) {
  std::map<net::Family, ir::Ruleset> families;
  for (const RulesInput& input : inputs) {
    std::vector<lang::Unread> unread;
    for (const net::Family family : net::kFamilies) {
      if (input.family && *input.family != family) continue;
      auto rules = parse_rules(input.source, family, counts, &notes.warnings,
                               reading == Reading::kLenient ? &unread : nullptr);
      if (!rules) return Failure{of_input(rules.error(), input, family), input.source};
      ir::Ruleset& all = families.try_emplace(family, ir::Ruleset{.family = family}).first->second;
      if (auto added = add_tables(all, *std::move(rules), input); !added) return added.error();
    }
    for (UnreadReason& reason : unread_reasons(input.source, std::move(unread))) {
      std::string warning = unread_warning(input.source, reason);
      notes.unread.push_back({std::move(reason), std::move(warning)});
    }
  }
  std::vector<ir::Ruleset> rulesets;
  for (auto& [family, rules] : families) rulesets.push_back(std::move(rules));
  return rulesets;
}

}  // namespace

std::vector<std::string> warnings_of(const ReadingNotes& notes) {
  std::vector<std::string> all = notes.warnings;
  for (const ReadingNotes::Unread& each : notes.unread) all.push_back(each.warning);
  return all;
}

Result<std::vector<ir::Ruleset>, Failure> parse_inputs(const std::vector<RulesInput>& inputs,
                                                       Counts counts, Reading reading,
                                                       ReadingNotes* notes) {
  if (notes != nullptr) return parse_noting(inputs, counts, reading, *notes);
  ReadingNotes own;
  auto rulesets = parse_noting(inputs, counts, reading, own);
  for (const std::string& warning : warnings_of(own)) warn(warning);
  return rulesets;
}

int report(const Failure& failure) {
  return failure.source ? report(failure.error, *failure.source) : report(failure.error);
}

}  // namespace bulkhead::app
