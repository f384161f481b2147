// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/option_coverage.h"

#include <span>

#include <fmt/format.h>

#include "ext/row.h"
#include "lang/head.h"
#include "net/names.h"
#include "support/exec.h"

namespace bulkhead::testing {
namespace {

namespace sim = backend::sim;

// Of the rule's own options; "-s" for "source".
struct HeadOption {
  std::string_view name;
  std::string_view spelling;
  std::optional<lang::HeadWord> lang::HeadWords::*word;
};
constexpr HeadOption kHeadOptions[] = {
    {lang::kSource, "-s", &lang::HeadWords::source},
    {lang::kDestination, "-d", &lang::HeadWords::destination},
    {lang::kInInterface, "-i", &lang::HeadWords::in_interface},
    {lang::kOutInterface, "-o", &lang::HeadWords::out_interface},
    {lang::kProtocol, "-p", &lang::HeadWords::protocol},
    {lang::kFragment, "-f", &lang::HeadWords::fragment},
};

std::string name_of(std::string_view match, std::string_view option, bool negated) {
  return fmt::format("{} {}--{}", match, negated ? "! " : "", option);
}

std::string name_of(const HeadOption& option, bool negated) {
  return fmt::format("{}{}", negated ? "! " : "", option.spelling);
}

// Of -p without negation; 0: there is none.
uint8_t protocol_of(const ir::Rule& rule) {
  for (const ir::Condition& condition : rule.head.predicate) {
    const auto* it = std::get_if<ir::Constraint>(&condition);
    if (it == nullptr || it->field != &ir::kProtocol || it->values.intervals().size() != 1)
      continue;
    const auto [first, last] = it->values.intervals()[0];
    if (first == last) return static_cast<uint8_t>(first);
  }
  return 0;
}

const net::Names& names() {
  static const net::SystemNames kNames;
  return kNames;
}

}  // namespace

const std::vector<OptionCoverage::One>& OptionCoverage::options_of(const ir::Rule& rule) {
  const auto [entry, fresh] = options_.try_emplace(&rule);
  if (!fresh) return entry->second;
  std::vector<One>& all = entry->second;
  for (const ir::Argument& argument : rule.head.arguments) {
    for (const HeadOption& option : kHeadOptions) {
      if (argument.option != option.name) continue;
      lang::HeadWords words;
      words.*option.word = lang::HeadWord{.text = argument.text, .negated = argument.negated};
      if (option.name == lang::kProtocol) {
        const auto number = lang::parse_protocol(*words.protocol, names());
        if (!number) throw SupportError(number.error().message);
        words.protocol_number = *number;
      }
      const auto heads = lang::heads_of(words, family_, names());
      if (!heads) throw SupportError(heads.error().message);
      all.push_back({name_of(option, argument.negated), "", {argument}, heads->front().predicate});
    }
  }
  for (const ir::Match& match : rule.matches) {
    const ext::Match* row = ext::find_match(match.name, family_);
    if (row == nullptr) throw SupportError("no row for " + match.name);
    for (const ir::Argument& argument : match.arguments) {
      const auto predicate =
          ext::predicate_of(*row, std::span(&argument, 1),
                            {.family = family_, .protocol = protocol_of(rule), .names = &names()});
      if (!predicate) continue;  // not to be had by itself: --limit-iface-in
      all.push_back({name_of(match.name, argument.option, argument.negated),
                     match.name,
                     {argument},
                     *predicate});
    }
  }
  return all;
}

void OptionCoverage::asked(const ir::Rule& rule, const sim::Reading& packet, const Opaque& opaque) {
  for (const One& one : options_of(rule)) {
    bool holds = true, unknown = false;
    for (const ir::Condition& condition : one.predicate) {
      const sim::Answer answer = packet.ask(condition);
      std::optional<bool> yes;
      if (answer == sim::Answer::kYes || answer == sim::Answer::kNo)
        yes = answer == sim::Answer::kYes;
      // A header that is cut off says nothing of the option.
      if (answer == sim::Answer::kAsk) yes = opaque(one.match, one.argument);
      unknown |= !yes;
      holds &= yes.value_or(true);
    }
    if (unknown && holds) continue;
    Count& count = counts_[one.name];
    ++(holds ? count.hits : count.misses);
  }
}

std::map<std::string, OptionCoverage::Count> OptionCoverage::counts() const {
  std::map<std::string, Count> all = counts_;
  for (const HeadOption& option : kHeadOptions) {
    if (option.name == lang::kFragment && family_ == net::Family::kIpv6) continue;
    for (const bool negated : {false, true}) all.try_emplace(name_of(option, negated));
  }
  for (const ext::Match* row : ext::matches()) {
    const bool here = ext::find_match(row->name, family_) == row;
    if (!here) continue;
    for (const ext::Option& option : row->options) {
      if (!option.stands_for.empty() || option.folded) continue;
      all.try_emplace(name_of(row->name, option.name, false));
      if (option.negation == ext::Negation::kAllowed)
        all.try_emplace(name_of(row->name, option.name, true));
    }
  }
  return all;
}

std::string OptionCoverage::table() const {
  std::string out = fmt::format("{:<32} {:>9} {:>9}\n", "option", "hits", "misses");
  for (const auto& [name, count] : counts())
    out += fmt::format("{:<32} {:>9} {:>9}\n", name, count.hits, count.misses);
  return out;
}

}  // namespace bulkhead::testing
