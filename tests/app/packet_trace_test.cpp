// SPDX-License-Identifier: GPL-2.0-or-later
// Steps of several packets, mixed as the kernel sends them.
#include "app/packet_trace.h"

#include <gtest/gtest.h>

namespace bulkhead::app {
namespace {

using backend::TraceEvent;
using Kind = TraceEvent::Kind;
using Verdict = TraceEvent::Verdict;
using std::chrono::milliseconds;

Moment at(int ms) { return {{}, std::chrono::steady_clock::time_point(milliseconds(ms))}; }

TraceEvent step(uint32_t packet, Kind kind, Verdict verdict = Verdict::kGoesOn) {
  return {.packet = packet, .kind = kind, .verdict = verdict};
}
// Where the packet enters a chain of that hook.
TraceEvent entry(uint32_t packet, Kind kind, ir::Hook hook, int32_t priority = 0) {
  TraceEvent event = step(packet, kind);
  event.hook = hook;
  event.priority = priority;
  event.seen.emplace();
  return event;
}
TraceEvent started(uint32_t packet) { return entry(packet, Kind::kStarted, ir::Hook::kPrerouting); }

std::vector<std::pair<uint32_t, size_t>> taken(PacketTraces& traces, int ms) {
  std::vector<std::pair<uint32_t, size_t>> out;
  for (const PacketTrace& trace : traces.take(at(ms).steady))
    out.emplace_back(trace.steps.front().packet, trace.steps.size());
  return out;
}
using Taken = std::vector<std::pair<uint32_t, size_t>>;

TEST(PacketTraces, StepsOfTwoPacketsArePutApart) {
  PacketTraces traces(false);
  for (const uint32_t packet : {1u, 2u}) traces.add(started(packet), at(0));
  for (const uint32_t packet : {2u, 1u, 2u}) traces.add(step(packet, Kind::kRule), at(0));
  EXPECT_EQ(taken(traces, 0), Taken{});
  traces.add(step(2, Kind::kPolicy, Verdict::kDrop), at(0));
  EXPECT_EQ(taken(traces, 0), (Taken{{2, 4}}));
  traces.add(entry(1, Kind::kArrived, ir::Hook::kInput), at(0));
  EXPECT_EQ(taken(traces, 0), (Taken{{1, 3}}));
  EXPECT_FALSE(traces.next());
}

TEST(PacketTraces, WhatOthersHaveChosenIsNotOurs) {
  PacketTraces traces(false);
  traces.add(entry(1, Kind::kRule, ir::Hook::kInput), at(0));
  traces.add(step(1, Kind::kPolicy, Verdict::kDrop), at(0));
  EXPECT_EQ(taken(traces, 10'000), Taken{});
}

TEST(PacketTraces, OneThatGoesQuietIsGivenAfterAWhile) {
  PacketTraces traces(false);
  traces.add(started(1), at(0));
  traces.add(started(2), at(50));
  traces.add(step(1, Kind::kRule), at(100));
  EXPECT_EQ(traces.next(), at(1050).steady);
  EXPECT_EQ(taken(traces, 1049), Taken{});
  EXPECT_EQ(taken(traces, 1050), (Taken{{2, 1}}));
  EXPECT_EQ(traces.next(), at(1100).steady);
  EXPECT_EQ(taken(traces, 1100), (Taken{{1, 2}}));
}

TEST(PacketTraces, ThoseOnTheirWayMayLackStepsThatWereLost) {
  PacketTraces traces(false);
  traces.add(started(1), at(0));
  traces.add(step(1, Kind::kPolicy, Verdict::kDrop), at(0));
  traces.add(started(2), at(0));
  traces.miss();
  traces.add(started(3), at(0));
  const auto all = traces.take(at(10'000).steady);
  ASSERT_EQ(all.size(), 3u);
  for (const PacketTrace& trace : all)
    EXPECT_EQ(trace.gaps, trace.steps.front().packet == 2) << trace.steps.front().packet;
}

TEST(PacketTraces, TheKernelUsesANumberAgain) {
  PacketTraces traces(false);
  traces.add(started(1), at(0));
  traces.add(step(1, Kind::kRule), at(0));
  traces.add(started(1), at(1));
  EXPECT_EQ(taken(traces, 1), (Taken{{1, 2}}));
  // A second of our predicates that fits the packet too begins no other.
  traces.add(step(1, Kind::kStarted), at(2));
  EXPECT_EQ(taken(traces, 2), Taken{});
  traces.add(entry(1, Kind::kArrived, ir::Hook::kInput), at(2));
  EXPECT_EQ(taken(traces, 2), (Taken{{1, 3}}));
}

TEST(PacketTraces, ListeningTakesAPacketFromWhereItIsFirstSeen) {
  PacketTraces traces(true);
  traces.add(step(1, Kind::kRule), at(0));  // its beginning was before us
  traces.add(entry(2, Kind::kRule, ir::Hook::kPrerouting, -300), at(0));
  traces.add(entry(2, Kind::kNothing, ir::Hook::kPrerouting, -150), at(0));
  traces.add(entry(2, Kind::kRule, ir::Hook::kInput), at(0));
  EXPECT_EQ(taken(traces, 0), Taken{});
  // Behind INPUT comes no PREROUTING: it is another packet.
  traces.add(entry(2, Kind::kRule, ir::Hook::kPrerouting, -300), at(1));
  EXPECT_EQ(taken(traces, 1), (Taken{{2, 3}}));
  traces.add(entry(2, Kind::kArrived, ir::Hook::kInput), at(1));
  EXPECT_EQ(taken(traces, 1), (Taken{{2, 2}}));
  traces.add(entry(3, Kind::kArrived, ir::Hook::kPostrouting), at(1));
  EXPECT_EQ(taken(traces, 10'000), Taken{}) << "nothing but its end";
}

}  // namespace
}  // namespace bulkhead::app
