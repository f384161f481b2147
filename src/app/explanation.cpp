// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/explanation.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/rule_sentence.h"
#include "app/rules_text.h"
#include "core/byte_order.h"
#include "ir/constraints.h"
#include "net/packet.h"
#include "net/packet_read.h"

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

std::vector<ir::Hook> hooks_of(Way way) {
  if (way.over_lo)
    return {ir::Hook::kOutput, ir::Hook::kPostrouting, ir::Hook::kPrerouting, ir::Hook::kInput};
  switch (way.direction) {
    case net::Direction::kInput: return {ir::Hook::kPrerouting, ir::Hook::kInput};
    case net::Direction::kForward:
      return {ir::Hook::kPrerouting, ir::Hook::kForward, ir::Hook::kPostrouting};
    case net::Direction::kOutput: return {ir::Hook::kOutput, ir::Hook::kPostrouting};
  }
  return {};
}

// The built-in chains on the way, in the order in which the kernel asks them.
std::vector<Stop> stops_on(Way way) {
  std::vector<Stop> stops;
  for (const ir::Hook hook : hooks_of(way)) {
    const auto begin = static_cast<std::ptrdiff_t>(stops.size());
    for (const ir::BuiltinTable& table : ir::builtin_tables()) {
      for (const ir::BuiltinChain& chain : table.chains) {
        if (chain.hook == hook) stops.push_back({&table, &chain});
      }
    }
    std::ranges::sort(stops.begin() + begin, stops.end(), {},
                      [](const Stop& stop) { return stop.chain->priority; });
  }
  return stops;
}

bool comes_in(ir::Hook hook) { return hook == ir::Hook::kPrerouting || hook == ir::Hook::kInput; }

// Table nat is asked once for each half of a translation (nf_nat_inet_fn() of nf_nat_core.c): both
// were settled on the way out of what comes in by lo.
bool is_settled(const net::PacketText& packet, const Stop& stop, Way way) {
  if (stop.table->name != "nat") return false;
  return way.over_lo ? comes_in(stop.chain->hook) : packet.in_interface == "lo";
}

bool worth_telling(const ir::Ruleset& rules, const Stop& stop) {
  const ir::Table* const table = rules.find(stop.table->name);
  const ir::Chain* const chain = table ? table->find(stop.chain->name) : nullptr;
  if (chain == nullptr) return false;
  return stop.table->name == "filter" || !chain->rules.empty() ||
         chain->policy == ir::Policy::kDrop;
}

// What is known of the connection that a new packet begins, and of any packet's: its protocol.
void know_connection(const net::PacketText& packet, Way way, backend::sim::Packet& at) {
  using Key = ir::Conntrack;
  const net::PacketFields& fields = packet.fields;
  const bool begins = packet.state == net::PacketState::kNew;
  if (begins || packet.state == net::PacketState::kEstablished)
    at.connection[Key::kProtocol] = fields.protocol;
  // What comes in by lo may have been translated on its way out.
  if (!begins || (!way.over_lo && packet.in_interface == "lo")) return;
  at.connection[Key::kDirection] = 0;
  at.connection[Key::kOriginalSource] = fields.source.value;
  at.connection[Key::kOriginalDestination] = fields.destination.value;
  at.connection[Key::kReplySource] = fields.destination.value;
  at.connection[Key::kReplyDestination] = fields.source.value;
  if (!net::has_ports(fields.protocol)) return;
  at.connection[Key::kOriginalSourcePort] = fields.source_port;
  at.connection[Key::kOriginalDestinationPort] = fields.destination_port;
  at.connection[Key::kReplySourcePort] = fields.destination_port;
  at.connection[Key::kReplyDestinationPort] = fields.source_port;
}

// Whether a packet that comes to the chain has its connection. One from lo has it from OUTPUT on.
bool has_been_tracked(const net::PacketText& packet, const ir::BuiltinChain& chain, Way way) {
  return chain.priority > kConntrackPriority ||
         (chain.hook == ir::Hook::kPrerouting && (way.over_lo || packet.in_interface == "lo"));
}

// What a hook knows of the interfaces: INPUT not the outgoing one, and so on. POSTROUTING knows
// where a packet was forwarded from.
backend::sim::Packet at_hook(const net::PacketText& packet, const ir::BuiltinChain& chain,
                             Way way) {
  const bool in = way.over_lo ? comes_in(chain.hook) : chain.hook != ir::Hook::kOutput;
  const bool out = !comes_in(chain.hook);
  const bool tracked = has_been_tracked(packet, chain, way);
  const auto named = [&](const std::string& name) { return way.over_lo ? "lo" : name; };
  constexpr uint16_t kEthernet = 1;  // ARPHRD_ETHER
  constexpr unsigned kMacAt = 6;     // of the source, in an Ethernet header of 14 bytes
  std::optional<std::vector<uint8_t>> link;
  if (packet.source_mac) {
    link.emplace(14);
    store_be(*packet.source_mac, std::span(*link).subspan(kMacAt, 6));
  }
  backend::sim::Packet at{
      .bytes = packet.bytes(),
      .hook = chain.hook,
      .in_interface = in ? named(packet.in_interface) : "",
      .out_interface = out ? named(packet.out_interface) : "",
      .state = tracked ? static_cast<ir::CtState>(packet.state) : ir::CtState::kInvalid,
      .mark = packet.mark,
      .connection = {{ir::Conntrack::kMark, packet.connection_mark}},
      .routes = {},
      .packet_type = static_cast<uint8_t>(packet.cast),
      .in_device_type = link ? std::optional(kEthernet) : std::nullopt,
      .link = std::move(link)};
  know_connection(packet, way, at);
  return at;
}

// What the tables before it have made of the packet. Before it is tracked they have at most a
// template of its connection in hand.
void carry_over(const backend::sim::Packet& from, bool tracked, backend::sim::Packet& to) {
  to.bytes = from.bytes;
  to.mark = from.mark;
  to.priority = from.priority;
  if (tracked) to.connection = from.connection;
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

net::PacketFields fields_of(const backend::sim::Packet& packet, net::PacketFields fields) {
  const auto layout = net::parse_layout(packet.bytes);
  if (!layout) return fields;
  const std::span<const uint8_t> bytes(packet.bytes);
  const auto read = net::read_packet(
      bytes, bytes.subspan(std::min<size_t>(layout->transport_offset, bytes.size())));
  if (!read) return fields;
  fields.source = read->source;
  fields.destination = read->destination;
  if (layout->fragment_offset != 0 || !net::has_ports(fields.protocol)) return fields;
  fields.source_port = read->source_port;
  fields.destination_port = read->destination_port;
  return fields;
}

// As a rule of table nat would do it, which the simulator knows how to.
void translate_as_connection(const Stop& nat, const Translation& translation, net::Family family,
                             backend::sim::Packet& packet) {
  const bool source =
      nat.chain->hook == ir::Hook::kInput || nat.chain->hook == ir::Hook::kPostrouting;
  const auto& end = source ? translation.source : translation.destination;
  if (!end || !packet.connected()) return;
  ir::Ruleset rules{.family = family, .tables = {}};
  ir::Rule rule;
  rule.target.action =
      ir::Nat{.kind = source ? ir::Nat::Kind::kSnat : ir::Nat::Kind::kDnat,
              .addresses = ir::Nat::Addresses{end->address, end->address},
              .ports = ir::Nat::Ports{.first = end->port, .last = end->port, .base = {}}};
  rules.table("nat").find(nat.chain->name)->rules = {rule};
  packet.bytes = backend::sim::evaluate(rules, "nat", packet).packet.bytes;
}

// The first rule of raw that says something of it stands.
Tracking tracking_by(const backend::sim::Outcome& raw) {
  for (const backend::sim::Met& met : raw.trace) {
    if (met.matched != Truth::kYes || met.rule == met.chain->rules.size()) continue;
    const ir::Action& action = met.chain->rules[met.rule].target.action;
    if (std::holds_alternative<ir::Untrack>(action)) return {.untracked = true};
    const auto* made = std::get_if<ir::ConnectionTemplate>(&action);
    const auto* zone = made != nullptr ? &made->zone : std::get_if<ir::Zone>(&action);
    if (zone == nullptr) continue;
    using Way = ir::Zone::Direction;
    const auto number = zone->of_mark ? static_cast<uint16_t>(raw.packet.mark) : zone->number;
    return {.original_zone = zone->direction == Way::kReply ? uint16_t{0} : number,
            .reply_zone = zone->direction == Way::kOriginal ? uint16_t{0} : number};
  }
  return {};
}

// Behind a translation the answers go elsewhere.
void forget_answers(backend::sim::Packet& packet) {
  using Key = ir::Conntrack;
  for (const Key key : {Key::kReplySource, Key::kReplyDestination, Key::kReplySourcePort,
                        Key::kReplyDestinationPort})
    packet.connection.erase(key);
}

bool is_loopback(const net::Address& address) {
  return address.family == net::Family::kIpv4 ? address.value >> 24 == 127 : address.value == 1;
}

// "10.0.0.2:80", where a rule of PREROUTING has sent the packet to another address.
std::string new_destination(const backend::sim::Outcome& outcome, const net::PacketFields& before,
                            const net::PacketFields& after) {
  const auto& nat = outcome.translated;
  if (!nat || !nat->addresses || nat->kind == ir::Nat::Kind::kRedirect) return {};
  const bool one =
      nat->kind == ir::Nat::Kind::kNetmap || nat->addresses->first == nat->addresses->last;
  if (one && after.destination == before.destination) return {};
  if (is_loopback(after.destination)) return {};
  if (!one) {
    return fmt::format("{} to {}", net::to_string(nat->addresses->first),
                       net::to_string(nat->addresses->last));
  }
  const bool ports = net::has_ports(after.protocol) && after.fragment_offset == 0;
  return net::endpoint_text(after.destination,
                            ports ? std::optional(after.destination_port) : std::nullopt);
}

// Whether the kernel tracks connections for these rules.
bool tracks_connections(const ir::Ruleset& rules) {
  const ir::Table* const nat = rules.find("nat");
  bool tracks = nat != nullptr && std::ranges::any_of(nat->chains, [](const ir::Chain& chain) {
                  return !chain.rules.empty();
                });
  ir::for_each_constraint(rules, [&](const ir::Constraint& constraint) {
    tracks |= constraint.field->location(rules.family).base == ir::Base::kConntrack;
  });
  return tracks;
}

// ip_local_deliver() of net/ipv4 puts fragments together; connection tracking does before raw.
bool is_put_together(const ir::Ruleset& rules, const net::PacketText& packet, Way way,
                     const Explanation& explanation) {
  if (packet.fields.fragment_offset == 0) return false;
  if (tracks_connections(rules)) return true;
  const bool local = way.direction == net::Direction::kInput && rules.family == net::Family::kIpv4;
  const bool arrives = explanation.passages.empty() ||
                       explanation.passages.back().verdict == Verdict::kAccept ||
                       explanation.passages.back().chain == "INPUT";
  return local && arrives;
}

// The packet's way from stop to stop.
class Walk {
 public:
  Walk(const ir::Ruleset& rules, const net::PacketText& packet, Way way,
       const backend::sim::Oracle& oracle, const Translation& translation)
      : rules_(rules), packet_(packet), way_(way), oracle_(oracle), translation_(translation) {}

  // Calls `see` with what each chain has said of the packet as it came there; false: that is
  // enough.
  template <typename See> void walk(See&& see) {
    bool tracked_before = false;
    for (const Stop& stop : stops_on(way_)) {
      if (is_settled(packet_, stop, way_)) continue;
      // The first packet of a connection decides how all are translated.
      const bool later = stop.table->name == "nat" && packet_.state != net::PacketState::kNew;
      if (!later && !worth_telling(rules_, stop)) continue;
      backend::sim::Packet here = at_hook(packet_, *stop.chain, way_);
      if (before_) carry_over(*before_, tracked_before, here);
      tracked_before = has_been_tracked(packet_, *stop.chain, way_);
      if (later) {
        translate_as_connection(stop, translation_, rules_.family, here);
        before_ = std::move(here);
        continue;
      }
      const auto outcome = backend::sim::evaluate(rules_, stop.table->name, here, oracle_);
      before_ = outcome.packet;
      if (outcome.translated) forget_answers(*before_);
      if (!see(stop, here, outcome) || outcome.verdict != Verdict::kAccept) break;
    }
  }

  net::PacketFields left() const {
    return before_ ? fields_of(*before_, packet_.fields) : packet_.fields;
  }

 private:
  const ir::Ruleset& rules_;
  const net::PacketText& packet_;
  const Way way_;
  const backend::sim::Oracle& oracle_;
  const Translation& translation_;
  std::optional<backend::sim::Packet> before_;  // as it left the last of them
};

net::Direction decided_at(ir::Hook hook) {
  return comes_in(hook) ? net::Direction::kInput : net::Direction::kOutput;
}

}  // namespace

Explanation explain(const ir::Ruleset& rules, const net::PacketText& packet, Way way,
                    const backend::sim::Oracle& oracle, const Translation& translation) {
  Explanation explanation{
      .packet = net::to_string(packet),
      .direction = way.direction,
      .over_lo = way.over_lo,
      .passages = {},
      .decided = rules.tables.empty() ? "no rules are loaded" : "table filter has no rules",
      .by_nothing = true,
      .unless = {},
      .tracking = {},
      .left = packet.fields,
      .goes_to = {},
      .remedy = {},
      .remedy_note = {}};
  explanation.tracking.untracked =
      packet.state == net::PacketState::kUntracked || packet.state == net::PacketState::kInvalid;
  std::vector<std::string> deciders;
  Walk walk(rules, packet, way, oracle, translation);
  walk.walk([&](const Stop& stop, const backend::sim::Packet& here,
                const backend::sim::Outcome& outcome) {
    Passage passage{.table = std::string(stop.table->name),
                    .chain = std::string(stop.chain->name),
                    .met = {},
                    .verdict = outcome.verdict,
                    .seen = fields_of(here, packet.fields)};
    if (stop.chain->hook == ir::Hook::kPrerouting && way.direction == net::Direction::kInput)
      if (auto to = new_destination(outcome, passage.seen, walk.left()); !to.empty())
        explanation.goes_to = std::move(to);
    if (stop.table->name == "raw" && here.state == ir::CtState::kInvalid &&
        !explanation.tracking.untracked)
      explanation.tracking = tracking_by(outcome);
    for (const auto& met : outcome.trace) {
      passage.met.push_back(tell(met, here, rules.family));
      if (met.matched == Truth::kUnknown && !only_watches(met.chain->rules[met.rule]))
        explanation.unless.push_back(decided_by(passage.met.back()));
    }
    explanation.depends |= outcome.depends;
    explanation.verdict = outcome.verdict;
    if (way.over_lo) explanation.direction = decided_at(stop.chain->hook);
    // Where several chains accept, the filter's word is what one asks for.
    const bool stopped = outcome.verdict != Verdict::kAccept;
    if (stopped) deciders.clear();
    if (stop.table->name == "filter" || stopped) deciders.push_back(decided_by(passage.met.back()));
    explanation.passages.push_back(std::move(passage));
    return true;
  });
  if (!deciders.empty()) {
    explanation.decided = fmt::format("{}", fmt::join(deciders, " and "));
    explanation.by_nothing = false;
  }
  explanation.left = walk.left();
  explanation.never_comes = is_put_together(rules, packet, way, explanation);
  return explanation;
}

bool lets_pass(const ir::Ruleset& rules, const net::PacketText& packet, Way way,
               const backend::sim::Oracle& oracle, const Translation& translation) {
  bool accepted = true;
  Walk(rules, packet, way, oracle, translation)
      .walk([&](const Stop&, const backend::sim::Packet&, const backend::sim::Outcome& outcome) {
        accepted = outcome.verdict == Verdict::kAccept;
        return accepted;
      });
  return accepted;
}

}  // namespace bulkhead::app
