// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/rule_sentence.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backend/sim/reading.h"
#include "ext/row.h"
#include "ext/sentence.h"
#include "lang/head.h"
#include "net/names.h"
#include "net/packet.h"

namespace bulkhead::app {

namespace {

// The options of the head have no row; this is their part of one.
struct HeadWords {
  std::string_view option;
  const ir::Field* field;
  std::string_view yes;
  std::string_view no;
};
constexpr HeadWords kHeadWords[] = {
    {lang::kSource, &ir::kSource, "its source is {}", "its source is not {}"},
    {lang::kDestination, &ir::kDestination, "its destination is {}", "its destination is not {}"},
    {lang::kInInterface, &ir::kInInterface, "it comes in on {}", "it doesn't come in on {}"},
    {lang::kOutInterface, &ir::kOutInterface, "it goes out on {}", "it doesn't go out on {}"},
    {lang::kProtocol, &ir::kProtocol, "its protocol is {}", "its protocol is not {}"},
    {lang::kFragment, &ir::kFragmentOffset, "it is a later fragment", "it is not a later fragment"},
};

std::string head_sentence(const ir::Argument& argument) {
  const auto words =
      std::ranges::find(kHeadWords, std::string_view(argument.option), &HeadWords::option);
  if (words == std::end(kHeadWords)) return argument.option;
  // A network of one address is an address to a person.
  std::string_view text = argument.text;
  for (const std::string_view whole : {"/32", "/128"}) {
    if (text.ends_with(whole)) text.remove_suffix(whole.size());
  }
  return fmt::format(fmt::runtime(argument.negated ? words->no : words->yes), text);
}

ir::Argument negated(ir::Argument argument) {
  argument.negated = !argument.negated;
  return argument;
}

const net::Names& system_names() {
  static const net::SystemNames names;
  return names;
}

// The protocol that -p names, for the names of ports.
ext::Context context_of(const ir::Rule& rule, net::Family family) {
  ext::Context context{.family = family, .names = &system_names()};
  for (const ir::Condition& condition : rule.head.predicate) {
    const auto* const one = std::get_if<ir::Constraint>(&condition);
    if (one == nullptr || one->field != &ir::kProtocol) continue;
    const auto& values = one->values.intervals();
    if (values.size() == 1 && values[0].first == values[0].last) {
      context.protocol = static_cast<uint8_t>(values[0].first);
    }
  }
  return context;
}

std::string match_sentence(const ir::Match& match, std::span<const ir::Argument> arguments,
                           const ext::Context& context) {
  const ext::Match* const row = ext::find_match(match.name, context.family);
  // Without a row: it couldn't be read (lang/unread.h).
  return row == nullptr ? fmt::format("`{}' holds", match.name)
                        : ext::sentence(*row, arguments, context);
}

const ir::Field* field_of(const ir::Condition& condition) {
  if (const auto* one = std::get_if<ir::Constraint>(&condition)) return one->field;
  return nullptr;
}

// Which argument of the head a condition came from.
std::string head_mismatch(const ir::Match& head, const ir::Condition& condition) {
  for (const ir::Argument& argument : head.arguments) {
    const auto words =
        std::ranges::find(kHeadWords, std::string_view(argument.option), &HeadWords::option);
    if (words != std::end(kHeadWords) && words->field == field_of(condition)) {
      return head_sentence(negated(argument));
    }
  }
  return "its first conditions don't hold";
}

std::string match_mismatch(const ir::Match& match, const ir::Condition& condition,
                           const ext::Context& context) {
  if (std::holds_alternative<ir::Header>(condition)) {
    return fmt::format("it has no {} header (it is a later fragment)", match.name);
  }
  const ext::Match* const row = ext::find_match(match.name, context.family);
  for (const ir::Argument& argument : match.arguments) {
    const ext::Option* const option =
        row ? ext::find_option(row->options, argument.option) : nullptr;
    const bool only_one = match.arguments.size() == 1;
    if (option == nullptr || (!only_one && option->field != field_of(condition))) continue;
    if (option->negation == ext::Negation::kRefused) break;
    const std::array flipped{negated(argument)};
    return ext::sentence(*row, flipped, context);
  }
  return fmt::format("not so: {}", match_sentence(match, match.arguments, context));
}

}  // namespace

std::string condition_sentence(const ir::Rule& rule, net::Family family) {
  std::vector<std::string> parts;
  for (const ir::Argument& argument : rule.head.arguments) parts.push_back(head_sentence(argument));
  const ext::Context context = context_of(rule, family);
  for (const ir::Match& match : rule.matches) {
    std::string part = match_sentence(match, match.arguments, context);
    if (!part.empty()) parts.push_back(std::move(part));
  }
  return parts.empty() ? "everything" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string effect_sentence(const ir::Rule& rule, net::Family family) {
  if (rule.target.name.empty()) return "it is counted, and goes on";
  if (const auto* jump = std::get_if<ir::Jump>(&rule.target.action)) {
    return fmt::format("on {} chain {}", jump->is_goto ? "for good to" : "to", jump->chain);
  }
  const ext::Target* const row = ext::find_target(rule.target.name, family);
  return row == nullptr ? rule.target.name
                        : ext::sentence(*row, rule.target.arguments, context_of(rule, family));
}

std::string mismatch_sentence(const ir::Rule& rule, const backend::sim::Packet& packet,
                              net::Family family) {
  const auto layout = net::parse_layout(packet.bytes);
  if (!layout) return "it has no whole IP header";
  const backend::sim::Reading reading(packet, *layout);
  for (const ir::Condition& condition : rule.head.predicate) {
    if (reading.ask(condition) == backend::sim::Answer::kNo)
      return head_mismatch(rule.head, condition);
  }
  const ext::Context context = context_of(rule, family);
  for (const ir::Match& match : rule.matches) {
    for (const ir::Condition& condition : match.predicate) {
      if (reading.ask(condition) == backend::sim::Answer::kNo)
        return match_mismatch(match, condition, context);
    }
  }
  return "a condition that can't be known here is taken not to hold";
}

}  // namespace bulkhead::app
