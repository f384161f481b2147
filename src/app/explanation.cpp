// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/explanation.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "app/remedy.h"
#include "app/rule_sentence.h"
#include "app/rules_text.h"
#include "core/byte_order.h"
#include "core/source.h"
#include "net/names.h"

namespace bulkhead::app {

namespace {

using backend::sim::Truth;
using backend::sim::Verdict;

// Connection tracking looks at a packet at this priority (NF_IP_PRI_CONNTRACK); before it, every
// packet is INVALID to `-m state`.
constexpr int32_t kConntrackPriority = -200;

struct Stop {
  const ir::BuiltinTable* table;
  const ir::BuiltinChain* chain;
};

std::vector<ir::Hook> hooks_of(net::Direction direction) {
  switch (direction) {
    case net::Direction::kInput: return {ir::Hook::kPrerouting, ir::Hook::kInput};
    case net::Direction::kForward:
      return {ir::Hook::kPrerouting, ir::Hook::kForward, ir::Hook::kPostrouting};
    case net::Direction::kOutput: return {ir::Hook::kOutput, ir::Hook::kPostrouting};
  }
  return {};
}

// The built-in chains on the way, in the order in which the kernel asks them.
std::vector<Stop> way_of(net::Direction direction) {
  std::vector<Stop> way;
  for (const ir::Hook hook : hooks_of(direction)) {
    const auto begin = static_cast<std::ptrdiff_t>(way.size());
    for (const ir::BuiltinTable& table : ir::builtin_tables()) {
      for (const ir::BuiltinChain& chain : table.chains) {
        if (chain.hook == hook) way.push_back({&table, &chain});
      }
    }
    std::ranges::sort(way.begin() + begin, way.end(), {},
                      [](const Stop& stop) { return stop.chain->priority; });
  }
  return way;
}

bool worth_telling(const ir::Ruleset& rules, const Stop& stop) {
  const ir::Table* const table = rules.find(stop.table->name);
  const ir::Chain* const chain = table ? table->find(stop.chain->name) : nullptr;
  if (chain == nullptr) return false;
  return stop.table->name == "filter" || !chain->rules.empty() ||
         chain->policy == ir::Policy::kDrop;
}

// What a hook knows of the interfaces: INPUT not the outgoing one, and so on. POSTROUTING knows
// where a packet was forwarded from.
backend::sim::Packet at_hook(const net::PacketText& packet, const ir::BuiltinChain& chain) {
  const bool in = chain.hook != ir::Hook::kOutput;
  const bool out = chain.hook == ir::Hook::kOutput || chain.hook == ir::Hook::kForward ||
                   chain.hook == ir::Hook::kPostrouting;
  const bool tracked = chain.priority > kConntrackPriority;
  constexpr uint16_t kEthernet = 1;  // ARPHRD_ETHER
  constexpr unsigned kMacAt = 6;     // of the source, in an Ethernet header of 14 bytes
  std::optional<std::vector<uint8_t>> link;
  if (packet.source_mac) {
    link.emplace(14);
    store_be(*packet.source_mac, std::span(*link).subspan(kMacAt, 6));
  }
  return {.bytes = packet.bytes(),
          .hook = chain.hook,
          .in_interface = in ? packet.in_interface : "",
          .out_interface = out ? packet.out_interface : "",
          .state = tracked ? static_cast<ir::CtState>(packet.state) : ir::CtState::kInvalid,
          .mark = packet.mark,
          .connection = {{ir::Conntrack::kMark, packet.connection_mark}},
          .routes = {},
          .packet_type = static_cast<uint8_t>(packet.cast),
          .in_device_type = link ? std::optional(kEthernet) : std::nullopt,
          .link = std::move(link)};
}

// What the tables before it have made of the packet.
void carry_over(const backend::sim::Packet& from, bool tracked, backend::sim::Packet& to) {
  to.bytes = from.bytes;
  to.mark = from.mark;
  to.priority = from.priority;
  to.connection = from.connection;
  if (from.state == ir::CtState::kUntracked || tracked) to.state = from.state;
}

std::string_view policy_name(const ir::Chain& chain) {
  return chain.policy == ir::Policy::kDrop ? "policy DROP" : "policy ACCEPT";
}

MetRule tell(const backend::sim::Met& met, const backend::sim::Packet& packet, net::Family family) {
  const ir::Chain& chain = *met.chain;
  if (met.rule == chain.rules.size()) {
    return {.chain = chain.name,
            .number = {},
            .depth = met.depth,
            .matched = Truth::kYes,
            .rule = std::string(policy_name(chain)),
            .why = chain.rules.empty() ? "it has no rules" : "no rule has decided"};
  }
  const ir::Rule& rule = chain.rules[met.rule];
  return {.chain = chain.name,
          .number = met.rule + 1,
          .depth = met.depth,
          .matched = met.matched,
          .rule = rule_words(rule, family),
          .why = met.hotdrop ? "the header that it asks for is cut off, so the packet is dropped"
                 : met.matched == Truth::kYes ? effect_sentence(rule, family)
                 : met.matched == Truth::kNo  ? mismatch_sentence(rule, packet, family)
                                              : "it can't be known here whether it matches"};
}

std::string decided_by(const MetRule& last) {
  return last.number ? fmt::format("rule {} of {}", *last.number, last.chain)
                     : fmt::format("the policy of {}", last.chain);
}

// Whether a packet that the rule matches goes on as if it didn't.
bool only_watches(const ir::Rule& rule) {
  return ir::flow_of(rule.target.action) == ir::Flow::kGoesOn;
}

bool passes(const Explanation& explanation) { return explanation.verdict == Verdict::kAccept; }

// The seed's rule, put in force in the simulator only.
constexpr std::string_view kAnswersRule = "-m state --state ESTABLISHED,RELATED -j ACCEPT";

std::optional<ir::Ruleset> with_answers(const ir::Ruleset& rules, std::string_view chain,
                                        bool in_front) {
  const Source text("remedy", fmt::format("*filter\n-A {} {}\nCOMMIT\n", chain, kAnswersRule));
  auto parsed = parse_rules(text, rules.family, Counts::kLeftOut);
  if (!parsed) return {};
  ir::Ruleset changed = rules;
  ir::Chain& to = *changed.table("filter").find(chain);
  const ir::Rule& rule = parsed->table("filter").find(chain)->rules.front();
  to.rules.insert(in_front ? to.rules.begin() : to.rules.end(), rule);
  return changed;
}

net::Direction opposite(net::Direction direction) {
  switch (direction) {
    case net::Direction::kInput: return net::Direction::kOutput;
    case net::Direction::kForward: return net::Direction::kForward;
    case net::Direction::kOutput: return net::Direction::kInput;
  }
  return direction;
}

// -A as the seed does it; -I where a rule before it would still drop.
std::string find_remedy(const ir::Ruleset& rules, const net::PacketText& packet,
                        net::Direction direction) {
  const std::string_view chain = chain_of(direction);
  for (const bool in_front : {false, true}) {
    const auto changed = with_answers(rules, chain, in_front);
    if (!changed || !passes(explain(*changed, packet, direction))) continue;
    return fmt::format("{} -{} {} {}",
                       rules.family == net::Family::kIpv4 ? "iptables" : "ip6tables",
                       in_front ? 'I' : 'A', chain, kAnswersRule);
  }
  return {};
}

}  // namespace

Explanation explain(const ir::Ruleset& rules, const net::PacketText& packet,
                    net::Direction direction, const backend::sim::Oracle& oracle) {
  Explanation explanation{.packet = net::to_string(packet),
                          .direction = direction,
                          .passages = {},
                          .decided = "no rules are loaded",
                          .unless = {},
                          .remedy = {}};
  std::optional<backend::sim::Packet> before;
  bool tracked_before = false;
  for (const Stop& stop : way_of(direction)) {
    if (!worth_telling(rules, stop)) continue;
    // The first packet of a connection decides how all are translated.
    if (stop.table->name == "nat" && packet.state != net::PacketState::kNew) continue;
    backend::sim::Packet here = at_hook(packet, *stop.chain);
    if (before) carry_over(*before, tracked_before, here);
    const auto outcome = backend::sim::evaluate(rules, stop.table->name, here, oracle);
    Passage passage{.table = std::string(stop.table->name),
                    .chain = std::string(stop.chain->name),
                    .met = {},
                    .verdict = outcome.verdict};
    before = outcome.packet;
    tracked_before = stop.chain->priority > kConntrackPriority;
    for (const auto& met : outcome.trace) {
      passage.met.push_back(tell(met, here, rules.family));
      if (met.matched == Truth::kUnknown && !only_watches(met.chain->rules[met.rule]))
        explanation.unless.push_back(decided_by(passage.met.back()));
    }
    explanation.depends |= outcome.depends;
    explanation.verdict = outcome.verdict;
    // Where several chains accept, the filter's word is what one asks for.
    if (stop.table->name == "filter" || outcome.verdict != Verdict::kAccept) {
      explanation.decided = decided_by(passage.met.back());
    }
    explanation.passages.push_back(std::move(passage));
    if (outcome.verdict != Verdict::kAccept) break;
  }
  return explanation;
}

bool ConnectionExplanation::works() const {
  return passes(first) && passes(answer) && passes(following);
}

ConnectionExplanation explain_connection(const ir::Ruleset& rules, const net::PacketText& packet) {
  const net::Direction there = packet.direction();
  const net::Direction back = opposite(there);
  const net::PacketText reply = net::reply_to(packet);
  net::PacketText next = packet;
  next.state = net::PacketState::kEstablished;
  if (next.fields.protocol == net::kTcp) next.fields.tcp_flags = net::kAck;

  ConnectionExplanation all{.first = explain(rules, packet, there),
                            .answer = explain(rules, reply, back),
                            .following = explain(rules, next, there),
                            .remedy = {}};
  if (!passes(all.first)) {
    all.first.remedy = remedy_for(rules, packet, all.first);
    return all;
  }
  if (!passes(all.answer)) {
    all.remedy = find_remedy(rules, reply, back);
  } else if (!passes(all.following)) {
    all.remedy = find_remedy(rules, next, there);
  }
  return all;
}

}  // namespace bulkhead::app
