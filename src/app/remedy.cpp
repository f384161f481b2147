// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/remedy.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "app/rules_text.h"
#include "app/unknowns.h"
#include "net/names.h"

namespace bulkhead::app {

namespace {

using backend::sim::Truth;
using backend::sim::Verdict;

// The protocol and what of it a person would name.
std::string service_words(const net::PacketFields& fields) {
  if (fields.protocol == net::kIcmp) return fmt::format("-p icmp --icmp-type {}", fields.icmp_type);
  if (fields.protocol == net::kIcmp6)
    return fmt::format("-p ipv6-icmp --icmpv6-type {}", fields.icmp_type);
  const std::string protocol =
      "-p " +
      net::protocol_text(fields.protocol, net::SystemNames(net::SystemNames::Hosts::kNotAsked));
  constexpr uint8_t kWithMatch[] = {net::kTcp, net::kUdp, net::kSctp, net::kDccp};
  const bool ports = std::ranges::find(kWithMatch, fields.protocol) != std::end(kWithMatch);
  if (!ports || fields.fragment_offset != 0) return protocol;
  return fmt::format("{} --dport {}", protocol, fields.destination_port);
}

std::string conditions(const net::PacketFields& fields, net::Direction direction) {
  std::string words = service_words(fields);
  if (direction != net::Direction::kOutput) words += " -s " + net::to_string(fields.source);
  if (direction != net::Direction::kInput) words += " -d " + net::to_string(fields.destination);
  return words;
}

// The last rule of the built-in chain itself that the packet met: what decides is it, or below it.
std::optional<size_t> last_number(const Passage& passage) {
  std::optional<size_t> last;
  for (const MetRule& met : passage.met)
    if (met.depth == 0 && met.number) last = met.number;
  return last;
}

// The first of which it can't be known whether it matches, or the one that leads to its chain.
std::optional<size_t> first_unknown(const Passage& passage) {
  std::optional<size_t> at;
  for (const MetRule& met : passage.met) {
    if (met.depth == 0 && met.number) at = met.number;
    if (met.matched == Truth::kUnknown) return at;
  }
  return {};
}

// Where to change it: where it is stopped, or, to stop it, the filter's last chain.
const Passage* passage_of(const Explanation& explanation) {
  const bool passes = explanation.verdict == Verdict::kAccept;
  const Passage* passage = nullptr;
  for (const Passage& each : explanation.passages)
    if (passes ? each.table == "filter" : each.verdict != Verdict::kAccept) passage = &each;
  return passage;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

// The limits on which a fate hangs, as few of them as can be.
class FewestLimits {
 public:
  void take(Unknowns::Answers limits) {
    const int count = std::popcount(limits);
    if (limits_ == 0 || count < std::popcount(limits_)) limits_ = limits;
  }
  Unknowns::Answers limits() const { return limits_; }

 private:
  Unknowns::Answers limits_ = 0;
};

Way way_of(const Explanation& explanation) { return {explanation.direction, explanation.over_lo}; }

// What the rule would do, if that is what is wanted of it.
std::optional<Remedy> tried(const Asked& asked, Unknowns& before, const Addition& addition) {
  const bool block = asked.explanation.verdict == Verdict::kAccept;
  const auto changed = with(asked.rules, addition);
  if (!changed) return {};
  Unknowns after(*changed, asked.packet, way_of(asked.explanation), asked.translation);
  if (!block && after.limits() < before.limits()) return {};  // it goes around one
  FewestLimits may_stop;
  for (const Unknowns::Answers answers : after.all()) {
    if (after.passes(answers) != block) continue;
    if (block || !after.hangs_on_limits(answers)) return {};
    may_stop.take(after.limits_of(answers));
  }
  Remedy remedy{.addition = addition, .note = {}};
  if (may_stop.limits() != 0)
    remedy.note =
        fmt::format("the limit of {} may still stop it", listed(after.names(may_stop.limits())));
  return remedy;
}

}  // namespace

std::string command_of(const Addition& addition, net::Family family) {
  const std::string_view program = family == net::Family::kIpv4 ? "iptables" : "ip6tables";
  const std::string table = addition.table == "filter" ? "" : fmt::format(" -t {}", addition.table);
  const std::string place = addition.before
                                ? fmt::format("-I {} {}", addition.chain, *addition.before)
                                : fmt::format("-A {}", addition.chain);
  return fmt::format("{}{} {} {}", program, table, place, addition.rule);
}

std::optional<ir::Ruleset> with(const ir::Ruleset& rules, const Addition& addition) {
  const Source text("remedy", fmt::format("*{}\n-A {} {}\nCOMMIT\n", addition.table, addition.chain,
                                          addition.rule));
  auto parsed = parse_rules(text, rules.family, Counts::kLeftOut);
  if (!parsed) return {};
  ir::Ruleset changed = rules;
  ir::Chain& to = *changed.table(addition.table).find(addition.chain);
  const size_t at = addition.before ? *addition.before - 1 : to.rules.size();
  if (at > to.rules.size()) return {};
  to.rules.insert(to.rules.begin() + static_cast<std::ptrdiff_t>(at),
                  parsed->table(addition.table).find(addition.chain)->rules.front());
  return changed;
}

Remedy remedy_by(const Asked& asked, const std::vector<std::string>& rules) {
  const Explanation& explanation = asked.explanation;
  if (explanation.never_comes || !explanation.goes_to.empty()) return {};
  const bool passes = explanation.verdict == Verdict::kAccept;
  const Passage* const passage = passage_of(explanation);
  const std::string table = passage == nullptr ? "filter" : passage->table;
  const std::string chain =
      passage == nullptr ? std::string(chain_of(explanation.direction)) : passage->chain;

  Unknowns unknowns(asked.rules, asked.packet, way_of(explanation), asked.translation);
  FewestLimits let_pass;
  for (const Unknowns::Answers answers : unknowns.all()) {
    if (!passes && unknowns.passes(answers) && unknowns.hangs_on_limits(answers))
      let_pass.take(unknowns.limits_of(answers));
  }
  if (let_pass.limits() != 0) {
    return {.addition = {},
            .note = fmt::format("whether it passes hangs on the limit of {}: a rule that lets it "
                                "pass would make that pointless",
                                listed(unknowns.names(let_pass.limits())))};
  }

  std::vector<std::optional<size_t>> places;
  const bool by_policy = passage == nullptr || passage->met.empty() || !passage->met.back().number;
  if (by_policy) places.emplace_back(std::nullopt);
  if (passage != nullptr) {
    for (const auto& number : {last_number(*passage), first_unknown(*passage)})
      if (number) places.emplace_back(number);
  }
  places.emplace_back(1);

  for (const std::string& rule : rules) {
    for (const auto& place : places) {
      if (auto remedy = tried(asked, unknowns, {table, chain, place, rule})) return *remedy;
    }
  }
  return {};
}

Remedy remedy_for(const Asked& asked) {
  const net::PacketText& packet = asked.packet;
  const Explanation& explanation = asked.explanation;
  const bool passes = explanation.verdict == Verdict::kAccept;
  std::vector<std::string> wanted;
  const bool known =
      packet.state == net::PacketState::kEstablished || packet.state == net::PacketState::kRelated;
  if (!passes && known) wanted.emplace_back(kKnownConnections);
  // A table behind nat sees the packet translated.
  const Passage* const passage = passage_of(explanation);
  const net::PacketFields& seen = passage == nullptr ? explanation.left : passage->seen;
  wanted.push_back(
      fmt::format("{} -j {}", conditions(seen, explanation.direction), passes ? "DROP" : "ACCEPT"));
  return remedy_by(asked, wanted);
}

}  // namespace bulkhead::app
