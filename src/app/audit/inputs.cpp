// SPDX-License-Identifier: GPL-2.0-or-later
// What INPUT and FORWARD do with packets that nobody in particular has sent.
#include <algorithm>

#include <fmt/format.h>

#include "app/audit/packets.h"
#include "app/audit/remedy.h"

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

Finding found(const Rules& rules, Node set, Direction direction, std::string text) {
  return {.text = std::move(text),
          .family = rules.rules.family,
          .witness = rules.packets.witness(set, direction)};
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
  const Node passing =
      packets.all({packets.at(Direction::kForward), packets.states({CtState::kNew}),
                   packets.may_pass(Direction::kForward)});
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
  if (passing == set::kNothing) return pass();
  Finding finding = found(rules, passing, Direction::kForward, "new packets may be forwarded");
  const bool by_rule = packets.arena().subtract(passing, by_policy) != set::kNothing;
  finding.remedy = policy;
  if (by_rule) {
    finding.remedy.push_back(command(rules.rules.family, "-I FORWARD -j DROP"));
    finding.note = "if this host is to forward: --declare forwarding";
  }
  return fail_of({finding});
}

Answer loopback_accepted(const Rules& rules) {
  Packets& packets = rules.packets;
  const net::Network own[] = {loopback_network(rules.rules.family)};
  std::vector<Finding> findings;
  for (const Direction direction : {Direction::kInput, Direction::kOutput}) {
    const Node stopped = packets.all({packets.by_loopback(direction), packets.usual(),
                                      packets.source_in(own), packets.destination_in(own),
                                      packets.states({CtState::kNew, CtState::kEstablished}),
                                      packets.may_stop(direction)});
    if (stopped == set::kNothing) continue;
    Finding finding = found(rules, stopped, direction, "the host's own connections are cut");
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
  const Node spoofed = packets.all(
      {packets.newcomers(), packets.source_in(loopback), packets.may_pass(Direction::kInput)});
  if (spoofed == set::kNothing) return pass();
  Finding finding = found(rules, spoofed, Direction::kInput,
                          "a packet that says it is from this host itself comes in from outside");
  finding.remedy = {command(rules.rules.family, fmt::format("-I INPUT ! -i lo -s {} -j DROP",
                                                            net::to_string(loopback[0])))};
  return fail_of({finding});
}

Answer answers_accepted(const Rules& rules) {
  Packets& packets = rules.packets;
  // Answers come to ports that clients use. A few peers may be banned.
  const Node stopped =
      packets.all({packets.at(Direction::kInput), packets.usual(),
                   packets.states({CtState::kEstablished, CtState::kRelated}),
                   packets.of(ir::kDestinationPort, ir::ValueSet::range(32768, 60999)),
                   packets.may_stop(Direction::kInput)});
  if (!packets.from_any(stopped)) return pass();
  Finding finding = found(rules, stopped, Direction::kInput,
                          "answers to this host's own connections are not let in");
  if (finding.witness) {
    finding.remedy =
        appended_or_inserted(rules.rules, finding.witness->packet, Direction::kInput, true,
                             "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
  }
  return fail_of({finding});
}

Answer invalid_dropped(const Rules& rules) {
  Packets& packets = rules.packets;
  const Node passing =
      packets.all({packets.at(Direction::kInput), packets.states({CtState::kInvalid}),
                   packets.may_pass(Direction::kInput)});
  if (passing == set::kNothing) return pass();
  const Node scan = packets.all({passing, packets.xmas()});
  Finding finding = found(rules, scan == set::kNothing ? passing : scan, Direction::kInput,
                          "packets that connection tracking finds wrong are accepted");
  finding.remedy = {command(rules.rules.family, "-I INPUT -m conntrack --ctstate INVALID -j DROP")};
  return fail_of({finding});
}

}  // namespace bulkhead::app::audit
