// SPDX-License-Identifier: GPL-2.0-or-later
// Every row's packets against the reference evaluator: what an example calls a hit is one, and its
// miss is none. The packets are built from words, not from the row; the kernel is asked the same
// elsewhere.

#include <gtest/gtest.h>

#include "backend/sim/simulator.h"
#include "ext/row.h"
#include "ext/rule_text.h"
#include "net/packet_text.h"

namespace bulkhead::ext {
namespace {

namespace sim = backend::sim;

ir::Hook hook_of(net::Direction direction) {
  switch (direction) {
    case net::Direction::kInput: return ir::Hook::kInput;
    case net::Direction::kForward: return ir::Hook::kForward;
    case net::Direction::kOutput: return ir::Hook::kOutput;
  }
  return ir::Hook::kInput;
}

// One rule in every built-in chain of table filter. Its target is left out: the question is whether
// it matches.
ir::Ruleset ruleset_of(const RuleText& text) {
  ir::Rule rule;
  const Context& context = text.context();
  rule.head.predicate = text.protocol_predicate();
  for (const auto& [match, arguments] : text.matches()) {
    rule.matches.push_back({.name = std::string(match->name),
                            .arguments = arguments,
                            .predicate = *predicate_of(*match, arguments, context)});
  }
  ir::Ruleset rules{.family = context.family};
  for (ir::Chain& chain : rules.table("filter").chains) chain.rules.push_back(rule);
  return rules;
}

bool matches_packet(std::string_view rule, net::Family family, std::string_view words) {
  const FixedNames names;
  const Result<net::PacketText> packet = net::parse_packet(words, names);
  EXPECT_TRUE(packet) << words << ": " << packet.error().message;
  EXPECT_EQ(packet->family(), family) << words;
  const RuleText text(family, rule);
  EXPECT_FALSE(text.error()) << rule << ": " << text.message();
  const sim::Outcome outcome = sim::evaluate(ruleset_of(text), "filter",
                                             {.bytes = packet->bytes(),
                                              .hook = hook_of(packet->direction()),
                                              .in_interface = packet->in_interface,
                                              .out_interface = packet->out_interface,
                                              .state = static_cast<ir::CtState>(packet->state),
                                              .mark = packet->mark});
  EXPECT_FALSE(outcome.trace.empty());
  EXPECT_FALSE(outcome.trace.front().hotdrop) << words;
  return outcome.trace.front().matched == sim::Truth::kYes;
}

template <class Row> void check(const Row& row) {
  for (const Example& example : row.examples) {
    const net::Family family = family_of(row.families, example.hit);
    EXPECT_TRUE(matches_packet(example.rule, family, example.hit))
        << row.name << ": " << example.rule << " must match " << example.hit;
    EXPECT_FALSE(matches_packet(example.rule, family, example.miss))
        << row.name << ": " << example.rule << " must not match " << example.miss;
  }
}

TEST(ExamplePackets, OfMatches) {
  for (const Match* match : matches()) check(*match);
}

TEST(ExamplePackets, OfTargets) {
  for (const Target* target : targets()) check(*target);
}

}  // namespace
}  // namespace bulkhead::ext
