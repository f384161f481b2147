// SPDX-License-Identifier: GPL-2.0-or-later
// `hashlimit` with real packets: who shares a bucket with whom, and how fast one fills. Ours and
// iptables-legacy's get the same packets at the same moments; what may have come in the meantime
// is computed from the clock, as in limit_test.cpp.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

class Hashlimit : public TwoFirewalls {
 protected:
  // What the match takes is accepted.
  void restore(const std::string& match, bool v6 = false) {
    for (const auto& firewall : both_) {
      firewall->tables(v6).must_restore(
          filter(fmt::format("-A INPUT -p udp -m hashlimit {} --hashlimit-name h -j ACCEPT\n"
                             "-A INPUT -p udp -j DROP\n",
                             match)));
    }
  }
  std::array<bool, 2> offer(const Packet& packet) {
    const Bytes bytes = build(packet);
    std::array<bool, 2> took{};
    for (size_t i = 0; i < both_.size(); ++i)
      took[i] = both_[i]->rig.inject("eth0", bytes).verdict == Verdict::kAccepted;
    return took;
  }
  // Both take it, or neither.
  void expect(bool taken, const Packet& packet, std::string_view why) {
    const std::array<bool, 2> took = offer(packet);
    for (size_t i = 0; i < both_.size(); ++i)
      EXPECT_EQ(took[i], taken) << both_[i]->name << ": " << why;
  }
};

Packet of(const char* source, uint16_t sport, uint16_t dport, const char* destination = kHost) {
  return Packet{Ip4{.saddr = source, .daddr = destination}} /
         Packet{Udp{.sport = sport, .dport = dport}};
}

TEST_F(Hashlimit, ByTheModeIsWhoSharesABucket) {
  struct Case {
    std::string mode;
    bool source, network, sport, dport;  // whether another such one has a bucket of its own
  };
  const Case cases[] = {
      {"", false, false, false, false},
      {" --hashlimit-mode srcip", true, true, false, false},
      {" --hashlimit-mode srcip --hashlimit-srcmask 24", false, true, false, false},
      {" --hashlimit-mode srcip --hashlimit-srcmask 0", false, false, false, false},
      {" --hashlimit-mode srcport", false, false, true, false},
      {" --hashlimit-mode dstport", false, false, false, true},
      {" --hashlimit-mode srcip,dstport --hashlimit-srcmask 24", false, true, false, true},
  };
  for (const Case& each : cases) {
    restore("--hashlimit-upto 1/hour --hashlimit-burst 1" + each.mode);
    expect(true, of(kPeer, 1000, 53), each.mode);
    expect(false, of(kPeer, 1000, 53), each.mode);
    expect(each.source, of("192.0.2.10", 1000, 53), "another source" + each.mode);
    expect(each.network, of(kUntracked, 1000, 53), "another network" + each.mode);
    expect(each.sport, of(kPeer, 1001, 53), "another source port" + each.mode);
    expect(each.dport, of(kPeer, 1000, 54), "another port" + each.mode);
    for (const auto& firewall : both_) firewall->ip4.clear();
  }
}

TEST_F(Hashlimit, AboveIsWhatUptoDoesNotTake) {
  restore("--hashlimit-above 1/hour --hashlimit-burst 3 --hashlimit-mode srcip,dstip");
  for (unsigned i = 1; i <= 6; ++i) expect(i > 3, of(kPeer, 1000, 53), std::to_string(i));
  expect(false, of("192.0.2.10", 1000, 53), "another source");
  expect(false, of(kPeer, 1000, 53, "203.0.113.1"), "another destination");
}

TEST_F(Hashlimit, OfIp6) {
  restore(
      "--hashlimit-upto 1/hour --hashlimit-burst 1 --hashlimit-mode srcip "
      "--hashlimit-srcmask 64",
      true);
  const auto from = [](const char* source) {
    return Packet{Ip6{.saddr = source, .daddr = kHost6}} / Packet{Udp{}};
  };
  expect(true, from(kPeer6), "the first");
  expect(false, from(kPeer6), "the second");
  expect(false, from("2001:db8::a"), "another of its network");
  expect(true, from(kUntracked6), "another network");
}

// Two rules with one name: the table is the first one's, whatever the second says of it.
TEST_F(Hashlimit, RulesOfOneNameCountTogether) {
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(
        filter("-A INPUT -p udp --dport 1 -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 3 "
               "--hashlimit-mode srcip --hashlimit-name h -j ACCEPT\n"
               "-A INPUT -p udp --dport 2 -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 9 "
               "--hashlimit-mode srcip --hashlimit-name h -j ACCEPT\n"
               "-A INPUT -p udp -j DROP\n"));
  }
  expect(true, of(kPeer, 1000, 1), "1 of 3");
  expect(true, of(kPeer, 1000, 2), "2 of 3");
  expect(true, of(kPeer, 1000, 2), "3 of 3");
  expect(false, of(kPeer, 1000, 2), "no more of the second");
  expect(false, of(kPeer, 1000, 1), "nor of the first");
}

// All of an interval or, once there were too many, none.
TEST_F(Hashlimit, ARateThatIsMatched) {
  restore(
      "--hashlimit-upto 3/hour --hashlimit-burst 2 --hashlimit-mode srcip "
      "--hashlimit-rate-match");
  for (unsigned i = 1; i <= 9; ++i) expect(i <= 5, of(kPeer, 1000, 53), std::to_string(i));
  expect(true, of("192.0.2.10", 1000, 53), "another source");
}

// Packets to the port without a pause, for a while.
struct Stream {
  std::string match;
  double rate;    // a second, in packets or bytes
  double burst;   // at once
  double packet;  // what one takes
  size_t length;
};

class HashlimitRate : public Hashlimit, public ::testing::WithParamInterface<Stream> {};

TEST_P(HashlimitRate, FillsAtTheRate) {
  const Stream& stream = GetParam();
  restore(stream.match);
  const Packet packet = Packet{Ip4{.saddr = kPeer, .daddr = kHost}} / Packet{Udp{}} /
                        Packet{Payload{std::string(stream.length - 28, 'x')}};
  std::array<unsigned, 2> taken{};
  double longest_gap = 0, longest_skew = 0;
  const Clock::time_point start = Clock::now();
  Clock::time_point last = start;
  unsigned sent = 0;
  while (seconds(last - start) < 1 || sent * stream.packet < 2 * stream.burst) {
    const Clock::time_point before = Clock::now();
    const std::array<bool, 2> took = offer(packet);
    for (size_t i = 0; i < took.size(); ++i) taken[i] += took[i] ? 1 : 0;
    longest_gap = std::max(longest_gap, seconds(before - last));
    last = Clock::now();
    longest_skew = std::max(longest_skew, seconds(last - before));
    ++sent;
  }
  // The kernel counts time in ticks of up to 10 ms, and bytes in steps of 16.
  const double tick = stream.rate * 0.01;
  const double most = stream.burst + stream.rate * seconds(last - start) + tick;
  for (size_t i = 0; i < both_.size(); ++i) {
    const std::string who =
        fmt::format("{} {}: {} of {}", both_[i]->name, stream.match, taken[i], sent);
    EXPECT_LE(taken[i] * stream.packet, most + stream.packet) << who;
    if (longest_gap * stream.rate < stream.burst) {
      EXPECT_GE(taken[i] * stream.packet, 0.97 * most - 2 * tick - 2 * stream.packet) << who;
    }
    EXPECT_LT(taken[i], sent) << who << ": nothing was limited";
  }
  EXPECT_LE(std::abs(static_cast<double>(taken[0]) - taken[1]),
            2 + (longest_skew * stream.rate + tick) / stream.packet)
      << stream.match;
}

// The bytes' bucket begins with a second's, and the burst is so many of them again.
INSTANTIATE_TEST_SUITE_P(
    All, HashlimitRate,
    ::testing::Values(Stream{"--hashlimit-upto 200/sec --hashlimit-burst 50 --hashlimit-mode srcip",
                             200, 50, 1, 100},
                      Stream{"--hashlimit-upto 6000/min --hashlimit-burst 20", 100, 20, 1, 100},
                      Stream{"--hashlimit-upto 100kb/s --hashlimit-mode srcip", 102400, 102400,
                             1008, 1000},
                      Stream{"! --hashlimit-above 64kb/s --hashlimit-burst 128kb", 65536, 3 * 65536,
                             1008, 1000}));

}  // namespace
}  // namespace bulkhead::testing
