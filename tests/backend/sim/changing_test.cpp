// SPDX-License-Identifier: GPL-2.0-or-later
// What the reference makes of packets: against packets that were built as they should become.
#include <gtest/gtest.h>

#include "backend/sim/simulator.h"
#include "ir/handmade.h"
#include "support/packet_builder.h"

namespace bulkhead::backend::sim {
namespace {

using namespace bulkhead::testing;
using SimPacket = sim::Packet;
using SimVerdict = sim::Verdict;
using testing::Ip4;
using testing::Ip6;
using testing::Tcp;
using testing::Udp;

constexpr uint16_t kId = 0x1234;
constexpr uint32_t kBefore = 0x12345678;
constexpr uint32_t kConnectionMark = 0x9abcdef0;

constexpr ir::Field kHopLimit{"ttl", "time to live", ir::Kind::kNumber,
                              ir::at(ir::Base::kNetwork, 64, 8), ir::at(ir::Base::kNetwork, 56, 8)};
constexpr ir::Field kTcpEcn{
    "ecn", "ECN bits", ir::Kind::kFlags, ir::at(ir::Base::kTransport, 104, 2), {}};

// The packet behind a rule with this action, and whether it came that far.
struct Changed {
  SimPacket packet;
  SimVerdict verdict;
};

Changed changed(const ir::Action& action, SimPacket packet) {
  Handmade made(packet.bytes[0] >> 4 == 4 ? net::Family::kIpv4 : net::Family::kIpv6);
  made.add("INPUT", {}, action);
  Outcome outcome = evaluate(made.rules, "filter", packet);
  return {std::move(outcome.packet), outcome.verdict};
}
Bytes bytes_after(const ir::Action& action, Bytes bytes) {
  return changed(action, {.bytes = std::move(bytes), .in_interface = "eth0"}).packet.bytes;
}
SimVerdict verdict_after(const ir::Action& action, Bytes bytes) {
  return changed(action, {.bytes = std::move(bytes), .in_interface = "eth0"}).verdict;
}

Bytes udp4(uint8_t ttl, uint8_t tos) {
  return build(Ip4{.id = kId, .tos = tos, .ttl = ttl} / Udp{});
}
Bytes udp6(uint8_t hops, uint8_t traffic_class) {
  return build(Ip6{.flow_label = 5, .traffic_class = traffic_class, .hop_limit = hops} / Udp{});
}
Bytes tcp4(const Tcp& tcp) { return build(Ip4{.id = kId} / tcp); }

TEST(Changing, TheHopLimitStopsAtItsEnds) {
  for (const auto& [by, from, to] : {std::array{1, 64, 65},
                                     {-1, 64, 63},
                                     {200, 64, 255},
                                     {-64, 64, 0},
                                     {-255, 64, 0},
                                     {255, 0, 255}}) {
    const ir::Action adjust = ir::Adjust{.field = &kHopLimit, .by = by};
    const auto before = static_cast<uint8_t>(from);
    const auto after = static_cast<uint8_t>(to);
    EXPECT_EQ(bytes_after(adjust, udp4(before, 0)), udp4(after, 0)) << by;
    EXPECT_EQ(bytes_after(adjust, udp6(before, 0)), udp6(after, 0)) << by;
  }
}

TEST(Changing, AFieldIsKeptAndFlippedAndTheChecksumIsRight) {
  const ir::Action tos = ir::Assign{.field = &ir::kTypeOfService, .keep = 0xc0, .flip = 0x51};
  EXPECT_EQ(bytes_after(tos, udp4(64, 0xff)), udp4(64, 0xc0 ^ 0x51));
  EXPECT_EQ(bytes_after(tos, udp6(64, 0xff)), udp6(64, 0xc0 ^ 0x51));
  const ir::Action dscp = ir::Assign{.field = &ir::kDscp, .keep = 0, .flip = 0x2e};
  EXPECT_EQ(bytes_after(dscp, udp4(64, 0x03)), udp4(64, 0x2e << 2 | 3));
  EXPECT_EQ(bytes_after(dscp, udp6(64, 0x03)), udp6(64, 0x2e << 2 | 3));
}

TEST(Changing, TheBitsOfTheTcpHeader) {
  const ir::Action remove = ir::Assign{.field = &kTcpEcn, .keep = 0, .flip = 0};
  EXPECT_EQ(bytes_after(remove, tcp4({.flags = "SAEC"})), tcp4({.flags = "SA"}));
  const ir::Action ece = ir::Assign{.field = &kTcpEcn, .keep = 2, .flip = 1};
  EXPECT_EQ(bytes_after(ece, tcp4({.flags = "SC"})), tcp4({.flags = "SEC"}));
  // A later fragment has no header; one that is cut off drops the packet.
  const Bytes later = build(Ip4{.id = kId, .fragment_offset = 2} / Raw{6, Bytes(24, 0xff)});
  EXPECT_EQ(bytes_after(remove, later), later);
  EXPECT_EQ(verdict_after(remove, later), SimVerdict::kAccept);
  EXPECT_EQ(verdict_after(remove, truncate(tcp4({}), 39)), SimVerdict::kDrop);
  EXPECT_EQ(verdict_after(remove, truncate(tcp4({}), 40)), SimVerdict::kAccept);
}

TEST(Changing, TcpOptionsBecomeNops) {
  const Bytes in = {1, 2, 4, 5, 0xb4, 3, 3, 7, 2, 4, 5, 0xb5};
  const ir::Action strip = ir::StripTcpOptions{.kinds = {2}};
  EXPECT_EQ(bytes_after(strip, tcp4({.options = in})),
            tcp4({.options = {1, 1, 1, 1, 1, 3, 3, 7, 1, 1, 1, 1}}));
  EXPECT_EQ(bytes_after(ir::StripTcpOptions{.kinds = {3, 8}}, tcp4({.options = in})),
            tcp4({.options = {1, 2, 4, 5, 0xb4, 1, 1, 1, 2, 4, 5, 0xb5}}));
  EXPECT_EQ(bytes_after(ir::StripTcpOptions{}, tcp4({.options = in})), tcp4({.options = in}));
  // A list that runs past the header is left alone from there on.
  const Bytes runs_on = {3, 3, 7, 2, 40, 0, 0, 0};
  EXPECT_EQ(bytes_after(strip, tcp4({.options = runs_on})), tcp4({.options = runs_on}));
  EXPECT_EQ(verdict_after(strip, truncate(tcp4({.options = in}), 45)), SimVerdict::kDrop);
  EXPECT_EQ(verdict_after(strip, tcp4({.options = in, .header_words = 4})), SimVerdict::kDrop);
  EXPECT_EQ(verdict_after(strip, truncate(tcp4({.options = in}), 52)), SimVerdict::kAccept);
}

TEST(Changing, RulesBehindReadWhatWasWritten) {
  Handmade made;
  made.add("INPUT", {}, ir::Assign{.field = &ir::kPacketMark, .keep = 0xf0, .flip = 0x0f});
  made.add("INPUT", {is(ir::kPacketMark, 0xff)}, ir::Untrack{});
  made.add("INPUT", {is(ir::kCtState, static_cast<uint32_t>(ir::CtState::kUntracked))}, ir::Drop{});
  SimPacket packet{.bytes = udp4(64, 0), .in_interface = "eth0", .state = ir::CtState::kInvalid};
  EXPECT_EQ(evaluate(made.rules, "filter", packet).verdict, SimVerdict::kAccept);
  packet.mark = 0xfff0;
  EXPECT_EQ(evaluate(made.rules, "filter", packet).verdict, SimVerdict::kDrop);
}

// notrack_tg() and xt_ct_target() of the kernel's xt_CT.c.
TEST(Changing, TheFirstThatSaysWhereAPacketIsTrackedStands) {
  const auto behind = [](const ir::Action& first, const ir::Action& second, ir::CtState state) {
    Handmade made;
    made.add("INPUT", {}, first);
    made.add("INPUT", {}, second);
    const SimPacket packet{.bytes = udp4(64, 0), .state = state};
    return evaluate(made.rules, "filter", packet).packet.state;
  };
  using enum ir::CtState;
  EXPECT_EQ(behind(ir::Untrack{}, ir::Zone{}, kInvalid), kUntracked);
  EXPECT_EQ(behind(ir::Zone{}, ir::Untrack{}, kInvalid), kNew);
  EXPECT_EQ(behind(ir::ConnectionTemplate{}, ir::Untrack{}, kInvalid), kNew);
  EXPECT_EQ(behind(ir::Untrack{}, ir::Untrack{}, kEstablished), kEstablished);
}

struct Copied {
  ir::ConnectionMark action;
  uint32_t mark;
  uint32_t connection_mark;
};

using Mode = ir::ConnectionMark::Mode;

// The same as tests/kernel/marking_test.cpp sees.
const Copied kCopied[] = {
    {{.value = 0x0f0f0f0f, .connection_mask = 0xffff0000}, kBefore, 0x0f0fd1ff},
    {{.value = 0xff, .connection_mask = 0}, kBefore, 0x9abcde0f},
    {{.value = 0, .connection_mask = 0, .shift = 4}, kBefore, 0xabcdef00},
    {{.mode = Mode::kSave}, kBefore, kBefore},
    {{.mode = Mode::kSave, .connection_mask = 0xffff, .packet_mask = 0xff}, kBefore, 0x9abc0078},
    {{.mode = Mode::kSave, .shift = -8}, kBefore, 0x00123456},
    {{.mode = Mode::kRestore}, kConnectionMark, kConnectionMark},
    {{.mode = Mode::kRestore, .connection_mask = 0xffff, .packet_mask = 0xffff, .shift = 16},
     0xccc40000,
     kConnectionMark},
};

TEST(Changing, MarksGoToTheConnectionAndBack) {
  for (const Copied& each : kCopied) {
    SimPacket packet{.bytes = udp4(64, 0), .in_interface = "eth0", .mark = kBefore};
    packet.connection[ir::Conntrack::kMark] = kConnectionMark;
    const SimPacket after = changed(each.action, packet).packet;
    EXPECT_EQ(after.mark, each.mark);
    EXPECT_EQ(after.connection.at(ir::Conntrack::kMark), each.connection_mark);
    packet.state = ir::CtState::kUntracked;
    EXPECT_EQ(changed(each.action, packet).packet.mark, kBefore);
  }
}

}  // namespace
}  // namespace bulkhead::backend::sim
