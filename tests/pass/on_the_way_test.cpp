// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "lang/restore.h"
#include "pass/host_functions.h"
#include "set/witness.h"

namespace bulkhead::pass {
namespace {

ir::Ruleset parsed(const std::string& text) {
  const net::SystemNames names(net::SystemNames::Hosts::kNotAsked);
  ir::Ruleset rules{.family = net::Family::kIpv4, .tables = {}};
  const auto read = lang::restore(Source("test", text), {.names = &names}, rules);
  EXPECT_TRUE(read.ok()) << read.error().message;
  return rules;
}

// What becomes of tcp from 192.0.2.9 to 192.0.2.1 and this port, new, in eth0: "pass", "stop",
// "either".
std::string verdict(const std::string& text, uint16_t port, std::string_view interface = "eth0") {
  const ir::Ruleset rules = parsed(text);
  const std::vector<ir::Constraint> packet = {
      {&ir::kProtocol, low_bits(8), ir::ValueSet::of(6)},
      {&ir::kSource, low_bits(32), ir::ValueSet::of(0xc0000209)},
      {&ir::kDestination, low_bits(32), ir::ValueSet::of(0xc0000201)},
      {&ir::kSourcePort, low_bits(16), ir::ValueSet::of(40000)},
      {&ir::kDestinationPort, low_bits(16), ir::ValueSet::of(port)},
      {&ir::kInInterface, kU128Max, ir::ValueSet::of(set::interface_value(interface))},
      {&ir::kCtState, low_bits(32), ir::ValueSet::of(8)},
      {&ir::kPacketMark, low_bits(32), ir::ValueSet::of(0)},
  };
  set::Model model(net::Family::kIpv4, {&rules}, packet, {});
  const set::Node way = HostFunctions(model, rules).on_the_way(net::Direction::kInput);
  set::Node here = model.arena().intersect(model.at_hook(ir::Hook::kInput),
                                           model.of_shapes({set::Shape::kWhole}));
  for (const ir::Constraint& each : packet) here = model.arena().intersect(here, model.of(each));
  EXPECT_NE(here, set::kNothing);
  const auto some = [&](bool (*may)(const set::Outcome&, const set::Outcomes&)) {
    return model.arena().intersect(here, model.where(way, [&](const auto& possible) {
      return std::ranges::any_of(possible,
                                 [&](const auto& it) { return may(it, model.outcomes()); });
    })) != set::kNothing;
  };
  const bool pass = some(set::may_pass);
  const bool stop = some(set::may_stop);
  return pass && stop ? "either" : pass ? "pass" : "stop";
}

TEST(OnTheWay, TheFilterReadsWhatATranslationHasWritten) {
  const std::string rules =
      "*nat\n-A PREROUTING -i eth0 -p tcp --dport 2222 -j REDIRECT --to-ports 22\nCOMMIT\n"
      "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"
      "-A INPUT -p tcp --dport 2222 -i lo -j ACCEPT\nCOMMIT\n";
  EXPECT_EQ(verdict(rules, 2222), "pass");
  EXPECT_EQ(verdict(rules, 22), "pass");
  EXPECT_EQ(verdict(rules, 80), "stop");
  EXPECT_EQ(verdict(rules, 2222, "eth1"), "stop");
}

TEST(OnTheWay, WhatIsTranslatedIsNoLongerWhatItWas) {
  const std::string rules =
      "*nat\n-A PREROUTING -p tcp --dport 22 -j DNAT --to-destination 192.0.2.1:80\nCOMMIT\n"
      "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n";
  EXPECT_EQ(verdict(rules, 22), "stop");
}

TEST(OnTheWay, ARuleForWhatWasWrittenIsMetWhereNoneIsForWhatWasThere) {
  const std::string rules =
      "*nat\n-A PREROUTING -p tcp --dport 2222 -j REDIRECT --to-ports 22\nCOMMIT\n"
      "*filter\n-A INPUT -p tcp --dport 22 -j DROP\nCOMMIT\n";
  EXPECT_EQ(verdict(rules, 2222), "stop");
  EXPECT_EQ(verdict(rules, 2223), "pass");
}

TEST(OnTheWay, AMarkIsReadBehindOneThatWasReadBefore) {
  const std::string rules =
      "*mangle\n-A PREROUTING -m mark --mark 1 -j DROP\n"
      "-A PREROUTING -p tcp --dport 22 -j MARK --set-mark 1\n"
      "-A PREROUTING -m mark --mark 1 -j MARK --set-mark 2\nCOMMIT\n"
      "*filter\n:INPUT DROP\n-A INPUT -m mark --mark 2 -j ACCEPT\nCOMMIT\n";
  EXPECT_EQ(verdict(rules, 22), "pass");
  EXPECT_EQ(verdict(rules, 23), "stop");
}

TEST(OnTheWay, AnUnknownAddressMayBeAny) {
  const std::string rules =
      "*nat\n-A PREROUTING -p tcp --dport 22 -j DNAT --to-destination 192.0.2.1-192.0.2.2\n"
      "COMMIT\n*filter\n:INPUT DROP\n-A INPUT -d 192.0.2.1 -j ACCEPT\nCOMMIT\n";
  EXPECT_EQ(verdict(rules, 22), "either");
  EXPECT_EQ(verdict(rules, 23), "pass");
}

TEST(OnTheWay, TableRawKnowsNoStateYet) {
  const std::string dropped = "*raw\n-A PREROUTING -m state --state NEW -j DROP\nCOMMIT\n";
  EXPECT_EQ(verdict(dropped, 22), "pass");
  const std::string untracked =
      "*raw\n-A PREROUTING -p tcp --dport 22 -j CT --notrack\nCOMMIT\n"
      "*filter\n:INPUT DROP\n-A INPUT -m state --state UNTRACKED -j ACCEPT\n"
      "-A INPUT -p tcp --dport 23 -m state --state NEW -j ACCEPT\nCOMMIT\n";
  EXPECT_EQ(verdict(untracked, 22), "pass");
  EXPECT_EQ(verdict(untracked, 23), "pass");
  EXPECT_EQ(verdict(untracked, 24), "stop");
}

}  // namespace
}  // namespace bulkhead::pass
