// SPDX-License-Identifier: GPL-2.0-or-later
// Each kind of condition and action as nf_tables has it.
#include "backend/nft/lower.h"

#include <gtest/gtest.h>

#include "backend/nft/dump.h"
#include "backend/nft/plan_words.h"

namespace bulkhead::backend::nft::testing {
namespace {

constexpr net::Family kIp4 = net::Family::kIpv4;
constexpr net::Family kV6 = net::Family::kIpv6;

std::string body_of(const Rule& rule) {
  std::string out;
  for (const Expr& expression : rule.expressions) {
    const std::string line = dump(expression);
    if (line == "[ counter ]") continue;
    out += (out.empty() ? "" : " ") + line;
  }
  return out;
}

// Every rule of INPUT, a line each, without its counter.
std::string input_of(net::Family family, std::vector<classify::Step> steps) {
  auto program = lower(plan(family, std::move(steps)));
  if (!program) return "refused: " + program.error().message;
  std::string out;
  for (const Chain& chain : program->chains) {
    if (chain.name != "filter/INPUT") continue;
    for (const Rule& rule : chain.rules) out += body_of(rule) + "\n";
  }
  return out;
}

std::string condition(ir::Condition one, net::Family family = kIp4) {
  return input_of(family, {step(1, {std::move(one)}, ir::Continue{})});
}
std::string action(ir::Action one, net::Family family = kIp4) {
  return input_of(family, {step(1, {}, std::move(one))});
}

inline constexpr ir::Field kDscp{"dscp", "DSCP", ir::Kind::kNumber,
                                 ir::at(ir::Base::kNetwork, 8, 6),
                                 ir::at(ir::Base::kNetwork, 4, 6)};
inline constexpr ir::Field kMark{"mark", "mark", ir::Kind::kNumber, ir::at(ir::Meta::kMark, 32),
                                 ir::at(ir::Meta::kMark, 32)};

TEST(Lower, Addresses) {
  EXPECT_EQ(condition(source(address4(192, 0, 2, 1))),
            "[ payload load 4b @ network + 12 => reg 1 ] [ cmp eq reg 1 0xc0000201 ]\n");
  EXPECT_EQ(condition(source(address4(10, 0, 0, 0), 0xff000000)),
            "[ payload load 1b @ network + 12 => reg 1 ] [ cmp eq reg 1 0x0a ]\n");
  EXPECT_EQ(condition(is(ir::kDestination,
                         ir::ValueSet::range(address4(10, 0, 0, 0), address4(10, 0, 255, 255)))),
            "[ payload load 2b @ network + 16 => reg 1 ] [ cmp eq reg 1 0x0a00 ]\n");
  EXPECT_EQ(
      condition(source(address4(10, 0, 0, 64), 0xffffffc0)),
      "[ payload load 4b @ network + 12 => reg 1 ] [ bitwise reg 1 & 0xffffffc0 ^ 0x00000000 ] "
      "[ cmp eq reg 1 0x0a000040 ]\n");
  EXPECT_EQ(
      condition(source(1, 0x000000ff)),
      "[ payload load 4b @ network + 12 => reg 1 ] [ bitwise reg 1 & 0x000000ff ^ 0x00000000 ] "
      "[ cmp eq reg 1 0x00000001 ]\n")
      << "a mask that is no prefix";
  EXPECT_EQ(
      condition(is(ir::kSource, ir::ValueSet::of(U128{0x20010db8} << 96), ~U128{0} << 96), kV6),
      "[ payload load 4b @ network + 8 => reg 1 ] [ cmp eq reg 1 0x20010db8 ]\n");
}

TEST(Lower, NegatedAddresses) {
  EXPECT_EQ(condition(is_not(ir::kSource, ir::ValueSet::of(address4(192, 0, 2, 1)), 32)),
            "[ payload load 4b @ network + 12 => reg 1 ] [ cmp neq reg 1 0xc0000201 ]\n");
  ir::Constraint network = is_not(ir::kSource, ir::ValueSet::of(address4(10, 0, 0, 0)), 32);
  network.mask = 0xff000000;
  EXPECT_EQ(condition(network),
            "[ payload load 1b @ network + 12 => reg 1 ] [ cmp neq reg 1 0x0a ]\n");
}

TEST(Lower, Interfaces) {
  EXPECT_EQ(condition(is(ir::kInInterface, interfaces("eth0"))),
            "[ meta load iifname => reg 1 ] [ cmp eq reg 1 0x65746830000000000000000000000000 ]\n");
  EXPECT_EQ(condition(is(ir::kOutInterface, interfaces("eth+"))),
            "[ meta load oifname => reg 1 ] [ cmp eq reg 1 0x657468 ]\n");
  EXPECT_EQ(condition(is_not(ir::kInInterface, interfaces("eth+"), 128)),
            "[ meta load iifname => reg 1 ] [ cmp neq reg 1 0x657468 ]\n");
  EXPECT_EQ(condition(is(ir::kInInterface, interfaces("+"))), "\n") << "any interface";
}

TEST(Lower, PortsAndRanges) {
  EXPECT_EQ(condition(is(ir::kDestinationPort, ir::ValueSet::range(1024, 2000))),
            "[ payload load 2b @ transport + 2 => reg 1 ] [ range eq reg 1 0x0400-0x07d0 ]\n");
  EXPECT_EQ(condition(is_not(ir::kSourcePort, ir::ValueSet::range(1024, 2000), 16)),
            "[ payload load 2b @ transport + 0 => reg 1 ] [ range neq reg 1 0x0400-0x07d0 ]\n");
  EXPECT_EQ(condition(is(ir::kSourcePort, ir::ValueSet::range(0, 1000))),
            "[ payload load 2b @ transport + 0 => reg 1 ] [ cmp lte reg 1 0x03e8 ]\n");
  EXPECT_EQ(condition(is(ir::kSourcePort, ir::ValueSet::range(1000, 65535))),
            "[ payload load 2b @ transport + 0 => reg 1 ] [ cmp gte reg 1 0x03e8 ]\n");
  EXPECT_EQ(condition(is(ir::kSourcePort, ir::ValueSet::range(1024, 65535))),
            "[ payload load 2b @ transport + 0 => reg 1 ] [ cmp gte reg 1 0x0400 ]\n");
  EXPECT_EQ(condition(is_not(ir::kSourcePort, ir::ValueSet::of(0), 16)),
            "[ payload load 2b @ transport + 0 => reg 1 ] [ cmp neq reg 1 0x0000 ]\n");
  EXPECT_EQ(condition(is(ir::kSourcePort, ir::ValueSet::range(1024, 1279))),
            "[ payload load 1b @ transport + 0 => reg 1 ] [ cmp eq reg 1 0x04 ]\n");
}

TEST(Lower, Sets) {
  EXPECT_EQ(
      condition(is(ir::kDestinationPort, {{22, 22}, {80, 80}})),
      "[ payload load 2b @ transport + 2 => reg 1 ] [ lookup reg 1 in { 0x0016, 0x0050 } ]\n");
  EXPECT_EQ(condition(is_not(ir::kDestinationPort, {{22, 22}, {80, 90}}, 16)),
            "[ payload load 2b @ transport + 2 => reg 1 ] [ lookup reg 1 not in { 0x0016-0x0016, "
            "0x0050-0x005a } ]\n");
}

TEST(Lower, FieldsInsideABytes) {
  EXPECT_EQ(condition(is(kDscp, ir::ValueSet::of(46))),
            "[ payload load 1b @ network + 1 => reg 1 ] [ bitwise reg 1 & 0xfc ^ 0x00 ] [ cmp eq "
            "reg 1 0xb8 ]\n");
  EXPECT_EQ(condition(is(kDscp, ir::ValueSet::of(46)), kV6),
            "[ payload load 2b @ network + 0 => reg 1 ] [ bitwise reg 1 & 0x0fc0 ^ 0x0000 ] [ cmp "
            "eq reg 1 0x0b80 ]\n");
  EXPECT_EQ(condition(is_not(ir::kFragmentOffset, ir::ValueSet::of(0), 13)),
            "[ payload load 2b @ network + 6 => reg 1 ] [ bitwise reg 1 & 0x1fff ^ 0x0000 ] [ cmp "
            "neq reg 1 0x0000 ]\n");
}

TEST(Lower, IntegersOfTheHost) {
  EXPECT_EQ(condition(is(kMark, ir::ValueSet::of(0x11), 0xff)),
            "[ meta load mark => reg 1 ] [ bitwise reg 1 & 0xff000000 ^ 0x00000000 ] [ cmp eq reg "
            "1 0x11000000 ]\n");
  EXPECT_EQ(condition(is(kMark, ir::ValueSet::range(5, 10))),
            "[ meta load mark => reg 1 ] [ byteorder reg 1 hton 4b ] [ range eq reg 1 "
            "0x00000005-0x0000000a ]\n");
}

TEST(Lower, ConnectionStatesAreOneMask) {
  EXPECT_EQ(condition(state({ir::CtState::kEstablished, ir::CtState::kRelated})),
            "[ ct load state => reg 1 ] [ bitwise reg 1 & 0x06000000 ^ 0x00000000 ] [ cmp neq reg "
            "1 0x00000000 ]\n");
  ir::Constraint others = state({ir::CtState::kEstablished});
  others.values = others.values.complement(32);
  EXPECT_EQ(condition(others),
            "[ ct load state => reg 1 ] [ bitwise reg 1 & 0x4d000000 ^ 0x00000000 ] [ cmp neq reg "
            "1 0x00000000 ]\n");
}

TEST(Lower, WhatNeverHoldsAndWhatAlwaysDoes) {
  EXPECT_EQ(condition(is(ir::kSource, {})),
            "[ meta load length => reg 1 ] [ cmp eq reg 1 0x00000000 ]\n");
  EXPECT_EQ(condition(is(ir::kSource, ir::ValueSet::range(0, 0xffffffff))), "\n");
  EXPECT_EQ(condition(source(0, 0)), "\n") << "0.0.0.0/0";
  EXPECT_EQ(condition(is(ir::kSourcePort, ir::ValueSet::range(0, 65535))),
            "[ payload load 2b @ transport + 0 => reg 1 ] [ cmp gte reg 1 0x0000 ]\n")
      << "it still has to be there";
  EXPECT_EQ(condition(ir::Limit{.rate = 1, .seconds = 1, .burst = 0}),
            "[ meta load length => reg 1 ] [ cmp eq reg 1 0x00000000 ]\n")
      << "an empty bucket stays empty";
}

TEST(Lower, EitherPortIsOneLookUpInBoxesThatDoNotOverlap) {
  EXPECT_EQ(
      condition(ir::AnyOf{{is(ir::kSourcePort, ir::ValueSet::of(53)),
                           is(ir::kDestinationPort, ir::ValueSet::of(53))}}),
      "[ payload load 2b @ transport + 0 => reg 1 ] [ payload load 2b @ transport + 2 => reg 9 ] "
      "[ lookup reg 1 in { 0x0000000000350000-0x0034000000350000, "
      "0x0035000000000000-0x00350000ffff0000, "
      "0x0036000000350000-0xffff000000350000 } ]\n");
}

TEST(Lower, WhatCanNotBeSaidIsRefused) {
  EXPECT_EQ(condition(is(ir::kFragmentOffset, ir::ValueSet::of(0)), kV6),
            "refused: chain INPUT: there is no fragment offset in ip6");
  EXPECT_EQ(condition(ir::AnyOf{{is(ir::kSourcePort, ir::ValueSet::of(53)), source(1)}}),
            "refused: chain INPUT: one rule can't ask for the source port or the source address");
  EXPECT_EQ(input_of(kV6, {step(1, {ir::Limit{.rate = 1}, protocol(6)}, ir::Accept{})}),
            "refused: chain INPUT: the protocol can't be asked for behind a limit");
}

TEST(Lower, Actions) {
  EXPECT_EQ(action(ir::Continue{}), "\n");
  EXPECT_EQ(action(ir::Accept{}), "[ accept ]\n");
  EXPECT_EQ(action(ir::Drop{}), "[ drop ]\n");
  EXPECT_EQ(action(ir::Return{}), "[ return ]\n");
  EXPECT_EQ(action(ir::Jump{.chain = "a.b"}), "[ jump filter/a.2eb ]\n");
  EXPECT_EQ(action(ir::Jump{.chain = "web", .is_goto = true}), "[ goto filter/web ]\n");
  EXPECT_EQ(action(ir::Log{.level = 6, .flags = 1, .prefix = "new: "}),
            "[ log level 6 flags 0x1 prefix \"new: \" ]\n");
  EXPECT_EQ(action(ir::Reject{.icmp_code = 13}), "[ reject with icmp code 13 ]\n");
  EXPECT_EQ(action(ir::Reject{.tcp_reset = true}), "[ reject with tcp reset ]\n");
}

TEST(Lower, TheBaseChainJumpsAndThenDoesThePolicy) {
  auto program = lower(plan4({}, {}, ir::Policy::kDrop));
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(dump(*program),
            "table ip bulkhead\n"
            "chain hook/filter/INPUT type filter hook 1 priority 0\n"
            "  rule\n"
            "    [ jump filter/INPUT ]\n"
            "  rule 1000000\n"
            "    [ counter ]\n"
            "    [ drop ]\n"
            "chain filter/INPUT\n");
}

// Two rules inlined into one: the kernel takes an xt match only for the protocol that it is told,
// and nft(8) dies of a header behind a protocol that it doesn't know.
TEST(Lower, ASecondProtocolNeverHoldsAndNothingIsAskedBehindIt) {
  const ir::Opaque chunks{.name = "sctp", .bytes = std::vector<uint8_t>(8), .stateful = false};
  const std::string never =
      "[ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x01 ] "
      "[ meta load length => reg 1 ] [ cmp eq reg 1 0x00000000 ] [ drop ]\n";
  EXPECT_EQ(input_of(kIp4, {step(1, {protocol(1), protocol(132), chunks}, ir::Drop{})}), never);
  EXPECT_EQ(
      input_of(kIp4, {step(1, {protocol(1), is_not(ir::kProtocol, ir::ValueSet::of(1), 8), chunks},
                           ir::Drop{})}),
      never);
  EXPECT_NE(
      input_of(kIp4,
               {step(1, {is_not(ir::kProtocol, ir::ValueSet::of(1), 8), protocol(132), chunks},
                     ir::Drop{})})
          .find("match sctp"),
      std::string::npos);
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
