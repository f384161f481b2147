// SPDX-License-Identifier: GPL-2.0-or-later
// A connection's packets one after the other: what raw and nat have made of the first decides what
// the others are.
#include <fmt/format.h>

#include "app/explanation.h"
#include "app/remedy.h"
#include "app/rules_text.h"
#include "core/source.h"

namespace bulkhead::app {

namespace {

using backend::sim::Verdict;

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
                        net::Direction direction, const Translation& translation) {
  const std::string_view chain = chain_of(direction);
  for (const bool in_front : {false, true}) {
    const auto changed = with_answers(rules, chain, in_front);
    if (!changed || !passes(explain(*changed, packet, direction, {}, translation))) continue;
    return fmt::format("{} -{} {} {}",
                       rules.family == net::Family::kIpv4 ? "iptables" : "ip6tables",
                       in_front ? 'I' : 'A', chain, kAnswersRule);
  }
  return {};
}

// What connection tracking calls a packet in the middle of a connection that it doesn't know: TCP
// may be taken up by an ACK (nf_conntrack_tcp_loose), ICMP begins with a request, and of other
// protocols any packet begins a connection.
net::PacketState state_of_unknown(const net::PacketFields& fields) {
  using net::PacketState;
  constexpr unsigned kTelling = net::kFin | net::kSyn | net::kRst | net::kAck;
  constexpr uint8_t kRequest = 8, kRequest6 = 128;
  if (net::never_tracked(fields)) return PacketState::kUntracked;
  bool begins = true;
  switch (fields.protocol) {
    case net::kTcp: begins = (fields.tcp_flags & kTelling) == net::kAck; break;
    case net::kIcmp: begins = fields.icmp_type == kRequest; break;
    case net::kIcmp6: begins = fields.icmp_type == kRequest6; break;
    default: break;
  }
  return begins ? PacketState::kNew : PacketState::kInvalid;
}

Translation::End source_of(const net::PacketFields& fields) {
  return {fields.source, fields.source_port};
}
Translation::End destination_of(const net::PacketFields& fields) {
  return {fields.destination, fields.destination_port};
}

std::optional<Translation::End> where_changed(const Translation::End& from,
                                              const Translation::End& to) {
  return from == to ? std::nullopt : std::optional(to);
}

}  // namespace

bool ConnectionExplanation::works() const {
  return passes(first) && passes(answer) && passes(following) && !clashes;
}

ConnectionExplanation explain_connection(const ir::Ruleset& rules, const net::PacketText& packet) {
  const net::Direction there = packet.direction();
  const net::Direction back = opposite(there);
  ConnectionExplanation all{.first = explain(rules, packet, there),
                            .answer = {},
                            .following = {},
                            .lost = {},
                            .remedy = {}};
  // The answer is to the packet as it left here.
  const net::PacketFields& sent = packet.fields;
  const net::PacketFields& left = all.first.left;
  net::PacketText translated = packet;
  translated.fields = left;
  net::PacketText reply = net::reply_to(translated);
  Translation taken_back{.source = where_changed(destination_of(left), destination_of(sent)),
                         .destination = where_changed(source_of(left), source_of(sent))};
  all.answer = explain(rules, reply, back, {}, taken_back);

  const Tracking& first = all.first.tracking;
  const Tracking answer = all.answer.tracking;
  const bool found = !first.untracked && first.reply_zone == answer.reply_zone;
  if (!found && !answer.untracked) {
    reply.state = state_of_unknown(reply.fields);
    taken_back = {};
    all.answer = explain(rules, reply, back);
    all.lost = first.untracked ? "its first packet isn't tracked"
                               : "table raw has it looked for in another zone";
    // __nf_conntrack_confirm() of nf_conntrack_core.c. Of TCP the data behind an invalid first
    // answer begin it.
    const bool same_zone =
        first.original_zone == answer.original_zone && first.original_zone == answer.reply_zone;
    all.clashes = !first.untracked && same_zone &&
                  (reply.state == net::PacketState::kNew || reply.fields.protocol == net::kTcp);
  }

  net::PacketText next = packet;
  next.state = net::PacketState::kEstablished;
  if (next.fields.protocol == net::kTcp) next.fields.tcp_flags = net::kAck;
  Translation as_first{.source = where_changed(source_of(sent), source_of(left)),
                       .destination = where_changed(destination_of(sent), destination_of(left))};
  if (first.untracked) next.state = state_of_unknown(next.fields);
  // Of a connection that no answer was seen of; its first packet was not answered to TCP's mind.
  if (!first.untracked && (!found || answer.untracked)) {
    next.state = next.fields.protocol == net::kTcp ? net::PacketState::kInvalid
                                                   : state_of_unknown(next.fields);
  }
  if (next.state != net::PacketState::kEstablished) as_first = {};
  all.following = explain(rules, next, there, {}, as_first);

  if (!passes(all.first)) {
    all.first.remedy = remedy_for(rules, packet, all.first);
    return all;
  }
  if (!passes(all.answer)) {
    all.remedy = find_remedy(rules, reply, back, taken_back);
  } else if (!passes(all.following)) {
    all.remedy = find_remedy(rules, next, there, as_first);
  }
  return all;
}

}  // namespace bulkhead::app
