// SPDX-License-Identifier: GPL-2.0-or-later
// What INPUT and FORWARD do with packets that nobody in particular has sent.
#include <algorithm>

#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"
#include "set/witness.h"

namespace bulkhead::app::audit {

namespace {

using ir::CtState;
using net::Direction;
using set::Node;

// The packets that the rules of a built-in chain of table filter don't decide.
Node undecided(const Rules& rules, std::string_view chain) {
  const ir::Table* const table = rules.rules.find("filter");
  if (table == nullptr) return set::kEverything;
  set::Model& model = rules.packets.model();
  return model.where(rules.packets.functions().table(*table).of(*table->find(chain)),
                     [](std::span<const set::Outcome> possible) {
                       return std::ranges::any_of(possible, [](const set::Outcome& it) {
                         return it.flow != set::Flow::kDecided;
                       });
                     });
}

// Those of them that the policy lets in.
Node let_in_by_policy(const Rules& rules, std::string_view chain) {
  const ir::Table* const table = rules.rules.find("filter");
  if (table != nullptr && table->find(chain)->policy == ir::Policy::kDrop) return set::kNothing;
  return undecided(rules, chain);
}

// The host's own addresses, but for those of lo.
std::vector<net::Network> own_addresses(const Rules& rules) {
  std::vector<net::Network> all;
  if (rules.host == nullptr) return all;
  const net::Family family = rules.rules.family;
  for (const Interface& interface : rules.host->interfaces) {
    if (interface.name == "lo") continue;
    for (const Interface::Own& own : interface.addresses) {
      if (own.address.family == family)
        all.push_back({own.address, net::prefix_mask(family, net::address_bits(family))});
    }
  }
  return all;
}

Finding found(const Rules& rules, Node set, Direction direction, std::string text,
              Packets::About about = Packets::About::kPassing) {
  return {.text = std::move(text),
          .family = rules.rules.family,
          .witness = rules.packets.witness(set, direction, about)};
}

std::string without_invalid(const Rules& rules, Direction direction) {
  return command(rules.rules.family,
                 fmt::format("-I {} -m conntrack --ctstate INVALID -j DROP", chain_of(direction)));
}

}  // namespace

Answer input_ends_in_drop(const Rules& rules) {
  Packets& packets = rules.packets;
  const Node open = packets.all(
      {packets.newcomers(), packets.may_pass(Direction::kInput), let_in_by_policy(rules, "INPUT")});
  if (open == set::kNothing) return pass();
  Finding finding =
      found(rules, open, Direction::kInput, "what no rule of INPUT decides is accepted");
  finding.remedy = with_what_stays(rules, {command(rules.rules.family, "-P INPUT DROP")});
  finding.note = closing_note(rules);
  return fail_of({finding});
}

Answer forward_drops(const Rules& rules) {
  Packets& packets = rules.packets;
  const auto may_be_forwarded = [&](CtState state) {
    return packets.all({packets.at(Direction::kForward), packets.states({state}),
                        packets.may_pass(Direction::kForward)});
  };
  const Node passing = may_be_forwarded(CtState::kNew);
  const Node by_policy = packets.all({passing, let_in_by_policy(rules, "FORWARD")});
  const Commands policy{command(rules.rules.family, "-P FORWARD DROP")};
  if (rules.declared.forwarding) {
    if (by_policy == set::kNothing)
      return pass("forwarding is declared: what no rule accepts is dropped");
    Finding finding =
        found(rules, by_policy, Direction::kForward, "what no rule of FORWARD decides is accepted");
    finding.remedy = policy;
    return fail_of({finding});
  }
  if (passing == set::kNothing) {
    // A scan begins no connection, and comes through all the same. What is untracked is so by table
    // raw, and came as one of these.
    const Node invalid = may_be_forwarded(CtState::kInvalid);
    if (invalid == set::kNothing) return pass();
    Finding finding = found(rules, invalid, Direction::kForward,
                            "packets that belong to no connection may be forwarded");
    finding.remedy = {without_invalid(rules, Direction::kForward)};
    return fail_of({finding});
  }
  Finding finding = found(rules, passing, Direction::kForward, "new packets may be forwarded");
  const bool by_rule = packets.arena().subtract(passing, by_policy) != set::kNothing;
  finding.remedy = policy;
  if (by_rule) {
    // Rule by rule; where there are too many, all of them lose what they decide.
    if (finding.witness) finding.remedy = without_decider(rules, *finding.witness);
    finding.otherwise = {{policy.front(), command(rules.rules.family, "-I FORWARD -j DROP")}};
    finding.note = "if this host is to forward: --declare forwarding";
  }
  return fail_of({finding});
}

Answer loopback_accepted(const Rules& rules) {
  Packets& packets = rules.packets;
  const net::Network loopback[] = {loopback_network(rules.rules.family)};
  const std::vector<net::Network> own = own_addresses(rules);
  std::vector<Finding> findings;
  for (const Direction direction : {Direction::kInput, Direction::kOutput}) {
    const Node first = packets.all({packets.states({CtState::kNew}), packets.may_stop(direction)});
    const Node later = packets.all(
        {packets.states({CtState::kEstablished}), packets.untranslated_may_stop(direction)});
    const Node care = packets.all({packets.by_loopback(direction), packets.usual(),
                                   packets.states({CtState::kNew, CtState::kEstablished})});
    const Node stopped = packets.all({care, packets.arena().unite(first, later)});
    const auto between = [&](std::span<const net::Network> networks) {
      return packets.all({packets.source_in(networks), packets.destination_in(networks)});
    };
    Node wrong = packets.all({stopped, between(loopback)});
    // What it sends to an address of its own goes through lo, too. Where these aren't known, some
    // must get through.
    const Node others = packets.arena().complement(
        packets.arena().unite(packets.source_in(loopback), packets.destination_in(loopback)));
    if (wrong == set::kNothing && !own.empty()) wrong = packets.all({stopped, between(own)});
    if (wrong == set::kNothing && own.empty() &&
        packets.arena().subtract(packets.all({care, others}), stopped) == set::kNothing)
      wrong = packets.all({stopped, others});
    if (wrong == set::kNothing) continue;
    Finding finding = found(rules, wrong, direction, "the host's own connections may be cut",
                            Packets::About::kStopped);
    const bool in = direction == Direction::kInput;
    if (finding.witness) {
      finding.remedy = appended_or_inserted(rules.rules, finding.witness->packet, direction, true,
                                            in ? "-i lo -j ACCEPT" : "-o lo -j ACCEPT");
    }
    findings.push_back(std::move(finding));
  }
  return fail_of(std::move(findings));
}

Answer loopback_only_on_lo(const Rules& rules) {
  Packets& packets = rules.packets;
  const net::Network loopback[] = {loopback_network(rules.rules.family)};
  const std::string words = net::to_string(loopback[0]);
  const Node passing = packets.all({packets.newcomers(), packets.may_pass(Direction::kInput)});
  std::vector<Finding> findings;
  const Node spoofed = packets.all({passing, packets.source_in(loopback)});
  if (spoofed != set::kNothing) {
    findings.push_back(found(rules, spoofed, Direction::kInput,
                             "a packet that says it is from this host itself comes in from "
                             "outside"));
    findings.back().remedy = {
        command(rules.rules.family, fmt::format("-I INPUT ! -i lo -s {} -j DROP", words))};
  }
  // The kernel refuses packets to such an address itself, unless it was told not to.
  const Node aimed = packets.all({passing, packets.destination_in(loopback)});
  if (routes_loopback(rules) && aimed != set::kNothing) {
    findings.push_back(found(rules, aimed, Direction::kInput,
                             "route_localnet is on, and a packet to this host's own services "
                             "comes in from outside"));
    findings.back().remedy = {
        command(rules.rules.family, fmt::format("-I INPUT ! -i lo -d {} -j DROP", words))};
  }
  return fail_of(std::move(findings));
}

Answer answers_accepted(const Rules& rules) {
  Packets& packets = rules.packets;
  // Answers come to ports that clients use, and from outside never to a loopback address. A few
  // peers may be banned.
  const net::Network loopback[] = {loopback_network(rules.rules.family)};
  const auto stopped = [&](std::initializer_list<Node> sets) {
    const Node sent = packets.arena().subtract(
        packets.all({packets.at(Direction::kInput), packets.ordinary(Direction::kInput),
                     packets.all(sets)}),
        packets.destination_in(loopback));
    const Node passing =
        packets.arena().subtract(sent, packets.untranslated_may_stop(Direction::kInput));
    return packets.arena().subtract(sent, packets.by_some_interface(passing));
  };
  const Node answers =
      stopped({packets.usual(), packets.states({CtState::kEstablished, CtState::kRelated}),
               packets.of(ir::kDestinationPort, ir::ValueSet::range(32768, 60999))});
  // A router says that a packet was too large for it, or that there is no way on (RFC 1122).
  const bool ip4 = rules.rules.family == net::Family::kIpv4;
  const Node unreachable =
      stopped({packets.states({CtState::kRelated}),
               packets.of(ir::kProtocol, ir::ValueSet::of(ip4 ? net::kIcmp : net::kIcmp6)),
               packets.of(set::kIcmpTypeAndCode, ip4 ? ir::ValueSet::range(3 << 8, 3 << 8 | 255)
                                                     : ir::ValueSet::range(1 << 8, 1 << 8 | 255))});
  const std::string words = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
  std::vector<Finding> findings;
  const auto told = [&](Node lost, Direction direction, std::string text) {
    Finding finding = found(rules, lost, direction, std::move(text), Packets::About::kStopped);
    if (finding.witness) {
      finding.remedy =
          appended_or_inserted(rules.rules, finding.witness->packet, direction, true, words);
    }
    findings.push_back(std::move(finding));
  };
  if (!packets.from_few(answers)) {
    told(answers, Direction::kInput, "answers to this host's own connections may be stopped");
  } else if (!packets.from_few(unreachable)) {
    told(unreachable, Direction::kInput,
         "that a peer of this host can't be reached (ICMP) may be stopped");
  }
  if (rules.declared.forwarding) {
    const auto forwarded = [&](CtState state) {
      return packets.all(
          {packets.at(Direction::kForward), packets.usual(), packets.states({state})});
    };
    const bool forwards = packets.all({forwarded(CtState::kNew),
                                       packets.may_pass(Direction::kForward)}) != set::kNothing;
    const Node answered = forwarded(CtState::kEstablished);
    if (forwards && packets.all({answered, packets.untranslated_may_pass(Direction::kForward)}) ==
                        set::kNothing)
      told(answered, Direction::kForward, "answers to connections that are forwarded are stopped");
  }
  return fail_of(std::move(findings));
}

Answer invalid_dropped(const Rules& rules) {
  Packets& packets = rules.packets;
  std::vector<Finding> findings;
  for (const Direction direction : {Direction::kInput, Direction::kForward}) {
    // What is to forward nothing, and forwards all, has a check of its own.
    if (direction == Direction::kForward && !rules.declared.forwarding &&
        packets.all({packets.at(direction), packets.states({CtState::kNew}),
                     packets.may_pass(direction)}) != set::kNothing)
      continue;
    const Node passing = packets.all(
        {packets.at(direction), packets.states({CtState::kInvalid}), packets.may_pass(direction)});
    if (passing == set::kNothing) continue;
    const Node scan = packets.all({passing, packets.xmas()});
    Finding finding = found(rules, scan == set::kNothing ? passing : scan, direction,
                            direction == Direction::kInput
                                ? "packets that connection tracking finds wrong are accepted"
                                : "packets that connection tracking finds wrong are forwarded");
    finding.remedy = {without_invalid(rules, direction)};
    findings.push_back(std::move(finding));
  }
  return fail_of(std::move(findings));
}

}  // namespace bulkhead::app::audit
