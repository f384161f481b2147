// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/remedy.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "app/rules_text.h"
#include "net/names.h"

namespace bulkhead::app {

namespace {

using backend::sim::Verdict;

// A rule at a place of a built-in chain; none: at its end.
struct Addition {
  std::string table;
  std::string chain;
  std::optional<size_t> before;  // from 1
  std::string rule;
};

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

bool turns_round(const ir::Ruleset& rules, const net::PacketText& packet, const Explanation& before,
                 const Addition& addition) {
  const Source text("remedy", fmt::format("*{}\n-A {} {}\nCOMMIT\n", addition.table, addition.chain,
                                          addition.rule));
  auto parsed = parse_rules(text, rules.family, Counts::kLeftOut);
  if (!parsed) return false;
  ir::Ruleset changed = rules;
  ir::Chain& to = *changed.table(addition.table).find(addition.chain);
  const size_t at = addition.before ? *addition.before - 1 : to.rules.size();
  if (at > to.rules.size()) return false;
  to.rules.insert(to.rules.begin() + static_cast<std::ptrdiff_t>(at),
                  parsed->table(addition.table).find(addition.chain)->rules.front());
  const Explanation after = explain(changed, packet, before.direction);
  return (after.verdict == Verdict::kAccept) != (before.verdict == Verdict::kAccept);
}

std::string command_of(const Addition& addition, net::Family family) {
  const std::string_view program = family == net::Family::kIpv4 ? "iptables" : "ip6tables";
  const std::string table = addition.table == "filter" ? "" : fmt::format(" -t {}", addition.table);
  const std::string place = addition.before
                                ? fmt::format("-I {} {}", addition.chain, *addition.before)
                                : fmt::format("-A {}", addition.chain);
  return fmt::format("{}{} {} {}", program, table, place, addition.rule);
}

// The last rule of the built-in chain itself that the packet met: what decides is it, or below it.
std::optional<size_t> last_number(const Passage& passage) {
  std::optional<size_t> last;
  for (const MetRule& met : passage.met)
    if (met.depth == 0 && met.number) last = met.number;
  return last;
}

}  // namespace

std::string remedy_for(const ir::Ruleset& rules, const net::PacketText& packet,
                       const Explanation& explanation) {
  const bool passes = explanation.verdict == Verdict::kAccept;
  // Where to change it: where it is stopped, or, to stop it, the filter.
  const Passage* passage = nullptr;
  for (const Passage& each : explanation.passages)
    if (passes ? each.table == "filter" : each.verdict != Verdict::kAccept) passage = &each;
  const std::string table = passage == nullptr ? "filter" : passage->table;
  const std::string chain =
      passage == nullptr ? std::string(chain_of(explanation.direction)) : passage->chain;

  std::vector<std::string> wanted;
  const bool known =
      packet.state == net::PacketState::kEstablished || packet.state == net::PacketState::kRelated;
  if (!passes && known) wanted.emplace_back("-m state --state ESTABLISHED,RELATED -j ACCEPT");
  // A table behind nat sees the packet translated.
  const net::PacketFields& seen = passage == nullptr ? explanation.left : passage->seen;
  wanted.push_back(
      fmt::format("{} -j {}", conditions(seen, explanation.direction), passes ? "DROP" : "ACCEPT"));

  std::vector<std::optional<size_t>> places;
  const bool by_policy = passage == nullptr || passage->met.empty() || !passage->met.back().number;
  if (by_policy) places.emplace_back(std::nullopt);
  if (const auto last = passage == nullptr ? std::nullopt : last_number(*passage))
    places.emplace_back(last);
  places.emplace_back(1);

  for (const std::string& rule : wanted) {
    for (const auto& place : places) {
      const Addition addition{table, chain, place, rule};
      if (turns_round(rules, packet, explanation, addition))
        return command_of(addition, rules.family);
    }
  }
  return {};
}

}  // namespace bulkhead::app
