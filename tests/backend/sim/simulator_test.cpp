// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/sim/simulator.h"

#include <gtest/gtest.h>

#include "ir/handmade.h"
#include "support/packet_builder.h"

namespace bulkhead::backend::sim {
namespace {

using namespace bulkhead::testing;
using Form = ir::Header::Form;
using SimPacket = sim::Packet;
using SimVerdict = sim::Verdict;

SimPacket at_input(const testing::Packet& packet) {
  return {.bytes = build(packet), .in_interface = "eth0"};
}

SimVerdict verdict(const Handmade& made, const SimPacket& packet) {
  return evaluate(made.rules, "filter", packet).verdict;
}

ir::Predicate to_port(uint16_t port, Form form = Form::kTcp, uint8_t protocol = 6) {
  return {is(ir::kProtocol, protocol), header(form), is(ir::kDestinationPort, port)};
}

TEST(Simulator, TheFirstVerdictCountsAndThePolicyIsLast) {
  Handmade made;
  made.add("INPUT", to_port(22), ir::Accept{});
  made.add("INPUT", {is(ir::kProtocol, 6)}, ir::Reject{.tcp_reset = true});
  made.filter().find("INPUT")->policy = ir::Policy::kDrop;
  EXPECT_EQ(verdict(made, at_input(Ip4{} / Tcp{.dport = 22})), SimVerdict::kAccept);
  EXPECT_EQ(verdict(made, at_input(Ip4{} / Tcp{.dport = 23})), SimVerdict::kReject);
  const Outcome outcome = evaluate(made.rules, "filter", at_input(Ip4{} / Udp{.dport = 22}));
  EXPECT_EQ(outcome.verdict, SimVerdict::kDrop);
  ASSERT_EQ(outcome.trace.size(), 3u);
  EXPECT_EQ(outcome.trace[0].matched, Truth::kNo);
  EXPECT_EQ(outcome.trace[2].rule, 2u);  // the policy
  EXPECT_EQ(outcome.trace[2].matched, Truth::kYes);
}

TEST(Simulator, ATableThatIsNotThereAccepts) {
  EXPECT_EQ(evaluate(ir::Ruleset{}, "filter", at_input(Ip4{} / Tcp{})).verdict,
            SimVerdict::kAccept);
  Handmade made;
  SimPacket packet = at_input(Ip4{} / Tcp{});
  packet.hook = ir::Hook::kPostrouting;
  EXPECT_TRUE(evaluate(made.rules, "filter", packet).trace.empty());
}

TEST(Simulator, ReturnAndGotoComeBackWhereIptablesDoes) {
  Handmade made;
  made.add("INPUT", {}, jump("a"));       // 1
  made.add("INPUT", {}, ir::Continue{});  // 2: met again, since a's goto came back to here
  made.add("INPUT", {}, ir::Return{});    // 3: the policy
  made.add("INPUT", {}, ir::Accept{});    // 4: never met
  made.add("a", {}, go_to("b"));          // 5
  made.add("a", {}, ir::Accept{});        // 6: never met
  made.add("b", {}, jump("c"));           // 7
  made.add("b", {}, ir::Log{});           // 8: met, since c was jumped to
  made.add("c", {}, ir::Return{});        // 9
  made.add("c", {}, ir::Accept{});        // 10: never met
  made.filter().find("INPUT")->policy = ir::Policy::kDrop;
  const SimPacket packet = at_input(Ip4{} / Tcp{});
  const Outcome outcome = evaluate(made.rules, "filter", packet);
  EXPECT_EQ(outcome.verdict, SimVerdict::kDrop);
  count(outcome, packet, made.filter());
  std::vector<ir::RuleId> counted;
  for (const ir::Chain& chain : made.filter().chains) {
    for (const ir::Rule& rule : chain.rules) {
      if (rule.counters.packets == 0) continue;
      counted.push_back(rule.id);
      EXPECT_EQ(rule.counters, (ir::Counters{1, 40}));
    }
  }
  EXPECT_EQ(counted, (std::vector<ir::RuleId>{1, 2, 3, 5, 7, 8, 9}));
  EXPECT_EQ(made.filter().find("INPUT")->policy_counters, (ir::Counters{1, 40}));
  EXPECT_EQ(outcome.trace[3].depth, 3u);  // INPUT, a, b, c
}

TEST(Simulator, AGotoFromABuiltinChainEndsAtThePolicy) {
  Handmade made;
  made.add("INPUT", {}, go_to("a"));
  made.add("INPUT", {}, ir::Drop{});
  made.add("a", {}, ir::Return{});
  EXPECT_EQ(verdict(made, at_input(Ip4{} / Tcp{})), SimVerdict::kAccept);
}

TEST(Simulator, ACutOffHeaderDropsThePacketThere) {
  Handmade made;
  made.add("INPUT", to_port(22), ir::Accept{});
  made.add("INPUT", {}, ir::Accept{});
  SimPacket packet = at_input(Ip4{} / Tcp{.dport = 22});
  packet.bytes = truncate(packet.bytes, 39);
  const Outcome outcome = evaluate(made.rules, "filter", packet);
  EXPECT_EQ(outcome.verdict, SimVerdict::kDrop);
  ASSERT_EQ(outcome.trace.size(), 1u);
  EXPECT_TRUE(outcome.trace[0].hotdrop);
  EXPECT_EQ(outcome.trace[0].matched, Truth::kNo);
  // Conditions before the header keep it from being asked.
  Handmade guarded;
  ir::Predicate elsewhere = to_port(22);
  elsewhere.insert(elsewhere.begin(), is(ir::kSource, 1));
  guarded.add("INPUT", elsewhere, ir::Drop{});
  EXPECT_EQ(verdict(guarded, packet), SimVerdict::kAccept);
}

TEST(Simulator, BitsBehindThePacketsEndSatisfyNothing) {
  Handmade made;
  made.add("INPUT", {is(ir::kProtocol, 6), in(ir::kDestinationPort, 0, 65535)}, ir::Drop{});
  SimPacket packet = at_input(Ip4{} / Tcp{});
  EXPECT_EQ(verdict(made, packet), SimVerdict::kDrop);
  packet.bytes = truncate(packet.bytes, 23);
  EXPECT_EQ(verdict(made, packet), SimVerdict::kAccept);
}

TEST(Simulator, PortsOfALaterFragmentSatisfyNeitherAnOptionNorItsNegation) {
  const SimPacket later = at_input(Ip4{.fragment_offset = 2} / Raw{17, Bytes(16)});
  for (bool negated : {false, true}) {
    Handmade made;
    made.add("INPUT",
             {is(ir::kProtocol, 17), header(Form::kUdp),
              negated ? is_not(ir::kDestinationPort, 0) : is(ir::kDestinationPort, 0)},
             ir::Drop{});
    EXPECT_EQ(verdict(made, later), SimVerdict::kAccept);
    EXPECT_EQ(verdict(made, at_input(Ip4{} / Udp{.dport = static_cast<uint16_t>(negated ? 1 : 0)})),
              SimVerdict::kDrop);
  }
}

TEST(Simulator, AFragmentThatOverwritesTcpFlagsIsDropped) {
  Handmade made;
  made.add("INPUT", {is(ir::kProtocol, 6), header(Form::kTcp)}, ir::Accept{});
  EXPECT_EQ(verdict(made, at_input(Ip4{.fragment_offset = 1} / Raw{6, Bytes(16)})),
            SimVerdict::kDrop);
  EXPECT_EQ(verdict(made, at_input(Ip4{.fragment_offset = 2} / Raw{6, Bytes(16)})),
            SimVerdict::kAccept);
  EXPECT_EQ(verdict(made, at_input(Ip4{.fragment_offset = 1} / Raw{17, Bytes(16)})),
            SimVerdict::kAccept);
  Handmade six(net::Family::kIpv6);
  six.add("INPUT", {is(ir::kProtocol, 6), header(Form::kTcp)}, ir::Drop{});
  EXPECT_EQ(
      verdict(six, at_input(Ip6{} / Fragment6{.offset = 1, .next_header = 6} / Raw{6, Bytes(16)})),
      SimVerdict::kAccept);
}

TEST(Simulator, AnIpv6ProtocolThatIsCutOffDropsWhoeverAsksForIt) {
  SimPacket packet = at_input(Ip6{} / DestinationOptions{} / Tcp{});
  packet.bytes = truncate(packet.bytes, 41);
  Handmade asks(net::Family::kIpv6);
  asks.add("INPUT", {is_not(ir::kProtocol, 6)}, ir::Accept{});
  EXPECT_EQ(verdict(asks, packet), SimVerdict::kDrop);
  Handmade other(net::Family::kIpv6);
  other.add("INPUT", {is(ir::kInInterface, 1), is(ir::kProtocol, 6)}, ir::Drop{});
  EXPECT_EQ(verdict(other, packet), SimVerdict::kAccept);
}

TEST(Simulator, TcpOptionsAreSearchedAsTheKernelDoes) {
  const auto with = [](Bytes options, std::optional<uint8_t> words = {}) {
    return at_input(Ip4{} / Tcp{.options = std::move(options), .header_words = words});
  };
  const auto made_for = [](bool negated) {
    Handmade made;
    made.add("INPUT",
             {is(ir::kProtocol, 6), ir::Header{.tcp_option = 8, .tcp_option_negated = negated}},
             ir::Reject{});
    return made;
  };
  const Handmade has = made_for(false);
  const Handmade lacks = made_for(true);
  const SimPacket there = with({1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(verdict(has, there), SimVerdict::kReject);
  EXPECT_EQ(verdict(lacks, there), SimVerdict::kAccept);
  // An 8 inside another option's data is none.
  const SimPacket hidden = with({2, 4, 8, 8});
  EXPECT_EQ(verdict(has, hidden), SimVerdict::kAccept);
  EXPECT_EQ(verdict(lacks, hidden), SimVerdict::kReject);
  EXPECT_EQ(verdict(lacks, with({})), SimVerdict::kReject);
  // A header that says that it is longer than the packet, or shorter than itself.
  EXPECT_EQ(verdict(lacks, with({}, 15)), SimVerdict::kDrop);
  EXPECT_EQ(verdict(has, with({}, 4)), SimVerdict::kDrop);
}

TEST(Simulator, MetaAndConntrackComeFromBesideTheBytes) {
  SimPacket packet = at_input(Ip4{} / Tcp{});
  packet.state = ir::CtState::kEstablished;
  packet.mark = 0x1234;
  const auto dropped = [&](ir::Constraint constraint) {
    Handmade made;
    made.add("INPUT", {std::move(constraint)}, ir::Drop{});
    return verdict(made, packet) == SimVerdict::kDrop;
  };
  const U128 eth = U128{'e'} << 120 | U128{'t'} << 112 | U128{'h'} << 104;
  EXPECT_TRUE(dropped(in(ir::kInInterface, eth, eth | low_bits(104))));
  EXPECT_FALSE(dropped(is(ir::kInInterface, eth)));
  EXPECT_TRUE(dropped(is(ir::kOutInterface, 0)));
  const auto any_of_bits = [](uint32_t bits) {
    return ir::Constraint{
        .field = &ir::kCtState, .mask = bits, .values = ir::ValueSet::range(1, low_bits(32))};
  };
  EXPECT_TRUE(dropped(any_of_bits(2 | 4)));
  EXPECT_FALSE(dropped(any_of_bits(8)));
  static constexpr ir::Field kLength{"length", "length", ir::Kind::kNumber,
                                     ir::at(ir::Meta::kLength, 32), ir::at(ir::Meta::kLength, 32)};
  EXPECT_TRUE(dropped(is(kLength, 40)));
  static constexpr ir::Field kMark{"mark", "mark", ir::Kind::kNumber, ir::at(ir::Meta::kMark, 32),
                                   ir::at(ir::Meta::kMark, 32)};
  EXPECT_TRUE(dropped({.field = &kMark, .mask = 0xff, .values = ir::ValueSet::of(0x34)}));
  const ir::Constraint wrong = is(ir::kSourcePort, 1);
  const ir::Constraint right = is(ir::kDestinationPort, 80);
  Handmade choice;
  choice.add("INPUT", {ir::AnyOf{{wrong, right}}}, ir::Drop{});
  EXPECT_EQ(verdict(choice, packet), SimVerdict::kDrop);
}

TEST(Simulator, WhatIsNotKnownOfAConnectionOrALinkIsAskedFor) {
  static constexpr ir::Field kConnmark{"ct mark", "mark", ir::Kind::kNumber,
                                       ir::at(ir::Conntrack::kMark, 32),
                                       ir::at(ir::Conntrack::kMark, 32)};
  static constexpr ir::Field kMac{"ether saddr", "MAC", ir::Kind::kNumber,
                                  ir::at(ir::Base::kLink, 48, 48), ir::at(ir::Base::kLink, 48, 48)};
  static constexpr ir::Field kType{"daddr type", "type", ir::Kind::kNumber,
                                   ir::at(ir::Route::kDestination),
                                   ir::at(ir::Route::kDestination)};
  SimPacket packet = at_input(Ip4{} / Tcp{});
  const auto asks = [&](const ir::Constraint& constraint) {
    Handmade made;
    made.add("INPUT", {constraint}, ir::Drop{});
    return evaluate(made.rules, "filter", packet).depends;
  };
  const auto drops = [&](const ir::Constraint& constraint) {
    Handmade made;
    made.add("INPUT", {constraint}, ir::Drop{});
    return verdict(made, packet) == SimVerdict::kDrop;
  };
  for (const ir::Constraint& unknown : {is(kConnmark, 7), is(kMac, 0x0200), is(kType, 2)})
    EXPECT_TRUE(asks(unknown)) << unknown.field->name;
  packet.connection[ir::Conntrack::kMark] = 7;
  packet.link = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 8, 0};
  packet.routes[ir::Route::kDestination] = 2;
  for (const ir::Constraint& known : {is(kConnmark, 7), is(kMac, 0x0200), is(kType, 2)}) {
    EXPECT_FALSE(asks(known)) << known.field->name;
    EXPECT_TRUE(drops(known)) << known.field->name;
  }
  // Without a link header or a connection neither a condition nor its opposite holds.
  packet.link = std::vector<uint8_t>();
  packet.state = ir::CtState::kInvalid;
  for (const ir::Field* field : {&kConnmark, &kMac}) {
    EXPECT_FALSE(drops(is(*field, 7)));
    EXPECT_FALSE(drops({.field = field, .values = ir::ValueSet::of(7).complement(32)}));
  }
}

TEST(Simulator, WhatThePacketCannotSayIsAskedFor) {
  Handmade made;
  made.add("INPUT", {ir::Opaque{.name = "recent"}, ir::Limit{.rate = 1}}, ir::Drop{});
  made.add("INPUT", {ir::Limit{.rate = 1}}, ir::Reject{});
  const SimPacket packet = at_input(Ip4{} / Tcp{});
  const Outcome usual = evaluate(made.rules, "filter", packet);
  EXPECT_TRUE(usual.depends);
  EXPECT_EQ(usual.trace[0].matched, Truth::kUnknown);
  EXPECT_EQ(usual.verdict, SimVerdict::kReject);
  const auto all = [](const ir::Rule&, const ir::Condition&) { return Truth::kYes; };
  EXPECT_EQ(evaluate(made.rules, "filter", packet, all).verdict, SimVerdict::kDrop);
  const auto none = [](const ir::Rule&, const ir::Condition&) { return Truth::kNo; };
  EXPECT_EQ(evaluate(made.rules, "filter", packet, none).verdict, SimVerdict::kAccept);
  Handmade plain;
  plain.add("INPUT", {is(ir::kSource, 1), ir::Limit{.rate = 1}}, ir::Drop{});
  EXPECT_FALSE(evaluate(plain.rules, "filter", packet).depends);
}

}  // namespace
}  // namespace bulkhead::backend::sim
