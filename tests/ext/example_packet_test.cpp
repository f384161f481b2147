// SPDX-License-Identifier: GPL-2.0-or-later
// Every row's packets against the reference evaluator: what an example calls a hit is one, and its
// miss is none. The packets are built from words, not from the row; the kernel is asked the same
// elsewhere.

#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>

#include <algorithm>
#include <span>
#include <variant>

#include <gtest/gtest.h>

#include "backend/sim/simulator.h"
#include "core/byte_order.h"
#include "ext/connection_model.h"
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

// What inet_dev_addr_type() of the kernel says on the examples' host (its addresses:
// tests/kernel/row_examples_test.cpp), all interfaces or one of them asked.
uint32_t route_type(const net::Address& address, std::string_view interface) {
  struct Known {
    std::string_view address;
    std::string_view interface;
    uint32_t type;
  };
  constexpr Known kKnown[] = {{"192.0.2.2", "eth0", RTN_LOCAL},
                              {"203.0.113.2", "eth1", RTN_LOCAL},
                              {"192.0.2.255", "eth0", RTN_BROADCAST},
                              {"203.0.113.255", "eth1", RTN_BROADCAST}};
  for (const Known& known : kKnown) {
    if (net::to_string(address) != known.address) continue;
    if (interface.empty() || interface == known.interface) return known.type;
    return RTN_UNICAST;
  }
  const bool multicast = address.value >> 28 == 0xe;
  return multicast ? uint32_t{RTN_MULTICAST} : uint32_t{RTN_UNICAST};
}

// Whether nft_fib4_eval() and nft_fib6_eval() of the kernel find a way there, by any interface or
// by that one. The default route is eth0's. Link-local addresses are those of the link that the
// packet came from, and eth1 has none.
uint32_t path_to(const net::Address& address, std::string_view interface, std::string_view from) {
  const std::string text = net::to_string(address);
  for (const std::string_view own : {"192.0.2.2", "203.0.113.2", "2001:db8::2", "2001:db8:1::2"}) {
    if (text == own) return 0;
  }
  if (text.starts_with("fe80:")) return from == "eth1" ? 0 : 1;
  const bool second = text.starts_with("203.0.113.") || text.starts_with("2001:db8:1:");
  return interface.empty() || interface == (second ? "eth1" : "eth0") ? 1 : 0;
}

sim::Packet at_hook(const net::PacketText& packet, std::string_view before) {
  const net::Address& source = packet.fields.source;
  const net::Address& destination = packet.fields.destination;
  sim::Packet at{.bytes = packet.bytes(),
                 .hook = hook_of(packet.direction()),
                 .in_interface = packet.in_interface,
                 .out_interface = packet.out_interface,
                 .state = static_cast<ir::CtState>(packet.state),
                 .mark = packet.mark,
                 .connection = connection_of(packet, before, FixedNames()),
                 .packet_type = static_cast<uint8_t>(packet.cast)};
  if (packet.family() == net::Family::kIpv4) {
    at.routes = {
        {ir::Route::kSource, route_type(source, "")},
        {ir::Route::kSourceOnIn, route_type(source, packet.in_interface)},
        {ir::Route::kSourceOnOut, route_type(source, packet.out_interface)},
        {ir::Route::kDestination, route_type(destination, "")},
        {ir::Route::kDestinationOnIn, route_type(destination, packet.in_interface)},
        {ir::Route::kDestinationOnOut, route_type(destination, packet.out_interface)},
    };
  }
  for (const auto& [key, interface] :
       {std::pair{ir::Route::kPathToSource, std::string()},
        std::pair{ir::Route::kPathToSourceByMark, std::string()},
        std::pair{ir::Route::kPathToSourceOnIn, packet.in_interface},
        std::pair{ir::Route::kPathToSourceOnInByMark, packet.in_interface}}) {
    at.routes[key] = path_to(source, interface, packet.in_interface);
  }
  if (packet.family() == net::Family::kIpv6) {
    const bool own = path_to(source, "", "eth0") == 0;
    at.routes[ir::Route::kSource] = own ? RTN_LOCAL : RTN_UNICAST;
  }
  if (packet.source_mac) {
    at.in_device_type = ARPHRD_ETHER;
    at.link.emplace(ETH_HLEN);
    store_be(*packet.source_mac, std::span(*at.link).subspan(ETH_ALEN, ETH_ALEN));
  }
  return at;
}

// One rule in every built-in chain of the table. Its target is left out: the question is whether it
// matches.
ir::Ruleset ruleset_of(const RuleText& text, std::string_view table) {
  ir::Rule rule;
  const Context& context = text.context();
  rule.head.predicate = text.protocol_predicate();
  for (const auto& [match, arguments] : text.matches()) {
    rule.matches.push_back({.name = std::string(match->name),
                            .arguments = arguments,
                            .predicate = *predicate_of(*match, arguments, context)});
  }
  ir::Ruleset rules{.family = context.family};
  for (ir::Chain& chain : rules.table(table).chains) chain.rules.push_back(rule);
  return rules;
}

// The packet where the example's rule stands.
sim::Packet at_chain(const Example& example, const net::PacketText& packet) {
  sim::Packet at = at_hook(packet, example.before);
  if (example.chain.empty()) return at;
  const auto& chains = ir::builtin_table(example.table)->chains;
  at.hook = std::ranges::find(chains, example.chain, &ir::BuiltinChain::name)->hook;
  if (at.hook == ir::Hook::kPrerouting) at.out_interface.clear();
  if (at.hook == ir::Hook::kPostrouting) at.in_interface.clear();
  return at;
}

sim::Truth matches_packet(const Example& example, net::Family family, std::string_view words) {
  const net::PacketText packet = packet_of(words, FixedNames());
  EXPECT_EQ(packet.family(), family) << words;
  const RuleText text(family, example.rule);
  EXPECT_FALSE(text.error()) << example.rule << ": " << text.message();
  const sim::Outcome outcome =
      sim::evaluate(ruleset_of(text, example.table), example.table, at_chain(example, packet));
  EXPECT_FALSE(outcome.trace.empty());
  EXPECT_FALSE(outcome.trace.front().hotdrop) << words;
  return outcome.trace.front().matched;
}

// What only a module of the kernel can answer is unknown to the evaluator; the kernel's own
// counters judge it.
bool asks_the_kernel(std::string_view rule, net::Family family) {
  const RuleText text(family, rule);
  return std::ranges::any_of(*text.predicate(), [](const ir::Condition& condition) {
    return std::holds_alternative<ir::Opaque>(condition);
  });
}

template <class Row> void check(const Row& row) {
  for (const Example& example : row.examples) {
    if (example.refused) continue;
    const net::Family family = family_of(row.families, example.hit);
    const sim::Truth hit = matches_packet(example, family, example.hit);
    const sim::Truth miss = matches_packet(example, family, example.miss);
    const bool unknown = asks_the_kernel(example.rule, family);
    EXPECT_TRUE(hit == sim::Truth::kYes || (unknown && hit == sim::Truth::kUnknown))
        << row.name << ": " << example.rule << " must match " << example.hit;
    EXPECT_TRUE(miss == sim::Truth::kNo || (unknown && miss == sim::Truth::kUnknown))
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
