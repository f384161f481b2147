// SPDX-License-Identifier: GPL-2.0-or-later
// What a trace message tells of our rules, of our own trace and of others.
#include "backend/nft/trace_places.h"

#include <gtest/gtest.h>

namespace bulkhead::backend::nft::testing {
namespace {

using Kind = TraceEvent::Kind;

constexpr uint8_t kInet = 1, kIp = 2, kIp6 = 10, kBridge = 7;

// filter/INPUT: a check before rule 7, and rule 8.
KernelTable our_table() {
  KernelTable table{.present = true};
  table.chains = {
      {.name = "hook/filter/INPUT",
       .base = BaseHook{.type = "filter", .hook = 1},
       .rules = {{.handle = 10}, {.handle = 11, .id = 3}}},
      {.name = "filter/INPUT",
       .rules = {{.handle = 12}, {.handle = 13, .id = 7}, {.handle = 14, .id = 8}}},
      {.name = "check/tcp", .rules = {{.handle = 15}, {.handle = 16}}},
      {.name = "track/PREROUTING", .rules = {{.handle = 17}}},
      {.name = "give/tcp/ftp", .rules = {{.handle = 18}}},
  };
  return table;
}

TracePlaces places() {
  const KernelTable ours = our_table();
  const HookedChain hooked[] = {
      {.family = kIp, .table = "bulkhead", .chain = "hook/filter/INPUT", .hook = 1},
      {.family = kInet, .table = "theirs", .chain = "in", .hook = 1, .priority = 5},
  };
  return {"bulkhead_trace_1", {&ours, 1}, hooked};
}

TraceMessage rule(std::string chain, uint64_t handle, int32_t verdict = -1) {
  return {.packet = 5,
          .table_family = kIp,
          .packet_family = kIp,
          .table = "bulkhead",
          .chain = std::move(chain),
          .handle = handle,
          .type = TraceMessage::Type::kRule,
          .verdict = verdict};
}

TEST(TracePlaces, OurRulesAreKnownByTheirIds) {
  const TracePlaces known = places();
  struct Case {
    const char* chain;
    uint64_t handle;
    Kind kind;
    ir::RuleId rule;
  };
  for (const Case& one :
       {Case{"filter/INPUT", 13, Kind::kRule, 7}, Case{"filter/INPUT", 14, Kind::kRule, 8},
        Case{"filter/INPUT", 12, Kind::kCheck, 7}, Case{"check/tcp", 16, Kind::kCheck, ir::kNoId},
        Case{"hook/filter/INPUT", 10, Kind::kNothing, ir::kNoId},
        Case{"hook/filter/INPUT", 11, Kind::kPolicy, 3},
        Case{"track/PREROUTING", 17, Kind::kNothing, ir::kNoId},
        Case{"give/tcp/ftp", 18, Kind::kNothing, ir::kNoId},
        // Not one that we have seen there, so whoever put it there.
        Case{"filter/INPUT", 99, Kind::kOther, ir::kNoId},
        Case{"filter/INPUT", 15, Kind::kOther, ir::kNoId}}) {
    const auto event = known.event(rule(one.chain, one.handle));
    ASSERT_TRUE(event) << one.chain << one.handle;
    EXPECT_EQ(event->kind, one.kind) << one.chain << " " << one.handle;
    EXPECT_EQ(event->rule, one.rule) << one.chain << " " << one.handle;
    EXPECT_EQ(event->packet, 5u);
  }
}

TEST(TracePlaces, ARuleThatIsGoneIsKnownFromTheLookBefore) {
  const TracePlaces known = places();
  const TracePlaces empty("bulkhead_trace_1", {}, {});
  EXPECT_EQ(empty.event(rule("filter/INPUT", 13))->kind, Kind::kOther);
  EXPECT_EQ(empty.event(rule("filter/INPUT", 13), &known)->rule, 7u);
}

TEST(TracePlaces, AnotherFamilysTableIsAnother) {
  TraceMessage message = rule("filter/INPUT", 13);
  message.table_family = kIp6;
  message.packet_family = kIp6;
  EXPECT_EQ(places().event(message)->kind, Kind::kOther);
  message.table_family = kInet;
  EXPECT_EQ(places().event(message)->kind, Kind::kOther);
  EXPECT_EQ(places().event(message)->table_family, "inet");
}

TEST(TracePlaces, AChainThatHangsInAHookSaysWhere) {
  TraceMessage message = rule("in", 0, 0);
  message.table_family = kInet;
  message.table = "theirs";
  message.type = TraceMessage::Type::kPolicy;
  const auto event = places().event(message);
  EXPECT_EQ(event->kind, Kind::kOther);
  EXPECT_EQ(event->verdict, TraceEvent::Verdict::kDrop);
  EXPECT_EQ(event->hook, ir::Hook::kInput);
  EXPECT_EQ(event->priority, 5);
  EXPECT_EQ(places().event(rule("hook/filter/INPUT", 10))->hook, ir::Hook::kInput);
  EXPECT_FALSE(places().event(rule("filter/INPUT", 13))->hook);
}

TEST(TracePlaces, Verdicts) {
  using enum TraceEvent::Verdict;
  for (const auto& [code, verdict] : {std::pair{0, kDrop},
                                      {1, kAccept},
                                      {2, kTaken},
                                      {3, kQueue},
                                      {7 << 16 | 3, kQueue},
                                      {-1, kGoesOn},
                                      {-3, kJump},
                                      {-4, kJump},
                                      {-5, kReturn}}) {
    EXPECT_EQ(places().event(rule("filter/INPUT", 13, code))->verdict, verdict) << code;
  }
}

TEST(TracePlaces, TheTracesOwnTableStartsAndEndsAPacket) {
  TraceMessage message = rule("start_prerouting", 4);
  message.table = "bulkhead_trace_1";
  EXPECT_EQ(places().event(message)->kind, Kind::kStarted);
  message.handle = 0;
  EXPECT_FALSE(places().event(message)) << "the end of that chain";
  message.chain = "end_input";
  message.network = {0x45};
  EXPECT_EQ(places().event(message)->kind, Kind::kArrived);
  message.network.clear();
  EXPECT_FALSE(places().event(message)) << "once is enough";

  message = rule("start_prerouting", 4);
  message.table = "bulkhead_trace_2";
  EXPECT_FALSE(places().event(message)) << "another trace's";
}

TEST(TracePlaces, OnlyIpPacketsAndOneStateAtATime) {
  TraceMessage message = rule("filter/INPUT", 13);
  message.packet_family = kBridge;
  EXPECT_FALSE(places().event(message));
  message.packet_family = kIp;
  message.network = {0x45};
  message.connection_state = 8;
  EXPECT_EQ(places().event(message)->seen->state, ir::CtState::kNew);
  message.connection_state = 0;
  EXPECT_FALSE(places().event(message)->seen->state);
}

}  // namespace
}  // namespace bulkhead::backend::nft::testing
