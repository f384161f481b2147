// SPDX-License-Identifier: GPL-2.0-or-later
// `limit` in time: ours, which is nf_tables' token bucket, and iptables-legacy's get the same
// packets at the same moments.
//
// A packet that the limit takes is accepted, any other is dropped, so the rig's verdicts tell who
// took what. How many tokens may have come in the meantime is computed from the clock, never
// assumed: a machine that stands still for a moment makes the test less sharp, not wrong.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// One limit, asked of by its own port.
struct Bucket {
  std::string limit;  // as typed
  double rate;        // tokens a second
  unsigned burst;
  uint16_t port;
  milliseconds every;  // a packet that often, which is more than the rate
  milliseconds until;  // of the test's time

  std::array<unsigned, 2> taken{};
  unsigned sent = 0;
  Clock::time_point first{};
  Clock::time_point last{};
  double longest_gap = 0;   // between two packets
  double longest_skew = 0;  // from ours to legacy's
};

std::vector<Bucket> buckets() {
  return {
      {"1/sec --limit-burst 3", 1, 3, 1, milliseconds(260), milliseconds(6800)},
      {"100/sec --limit-burst 40", 100, 40, 2, milliseconds(5), milliseconds(1000)},
      {"10/min --limit-burst 2", 10.0 / 60, 2, 3, milliseconds(700), milliseconds(6800)},
  };
}

class Limit : public TwoFirewalls {
 protected:
  void SetUp() override {
    TwoFirewalls::SetUp();
    if (IsSkipped()) return;
    std::string rules;
    for (const Bucket& bucket : buckets_) {
      rules += fmt::format("-A INPUT -p udp --dport {} -m limit --limit {} -j ACCEPT\n",
                           bucket.port, bucket.limit);
    }
    rules += "-A INPUT -p udp -j DROP\n";
    for (const auto& firewall : both_) firewall->ip4.must_restore(filter(rules));
  }

  // The same packet to both.
  std::array<bool, 2> offer(Bucket& bucket) {
    const Bytes packet = to_host({Udp{.dport = bucket.port}});
    std::array<bool, 2> took{};
    const Clock::time_point before = Clock::now();
    for (size_t i = 0; i < both_.size(); ++i) {
      took[i] = both_[i]->rig.inject("eth0", packet).verdict == Verdict::kAccepted;
      bucket.taken[i] += took[i] ? 1 : 0;
    }
    const Clock::time_point after = Clock::now();
    bucket.longest_skew = std::max(bucket.longest_skew, seconds(after - before));
    if (bucket.sent++ == 0) {
      bucket.first = bucket.last = before;
    }
    bucket.longest_gap = std::max(bucket.longest_gap, seconds(before - bucket.last));
    bucket.last = after;
    return took;
  }

  // Never apart by more than one token, and those that came between ours and legacy's packet.
  static void expect_close(const Bucket& bucket) {
    const double apart = std::abs(static_cast<double>(bucket.taken[0]) - bucket.taken[1]);
    EXPECT_LE(apart, 1 + std::floor(bucket.longest_skew * bucket.rate))
        << bucket.limit << ": " << bucket.taken[0] << " and " << bucket.taken[1] << " of "
        << bucket.sent;
  }

  std::vector<Bucket> buckets_ = buckets();
};

TEST_F(Limit, TakesTheSameBurstAndRefillsAtTheSameRate) {
  const Clock::time_point start = Clock::now();
  // The burst: twice of what the bucket holds.
  for (Bucket& bucket : buckets_) {
    for (unsigned i = 0; i < 2 * bucket.burst; ++i) {
      const std::array<bool, 2> took = offer(bucket);
      if (seconds(bucket.last - bucket.first) * bucket.rate >= 1) continue;  // a token came
      EXPECT_EQ(took[0], i < bucket.burst) << bucket.limit << " packet " << i;
      EXPECT_EQ(took[1], took[0]) << bucket.limit << " packet " << i;
    }
  }
  // The refill, on a fixed schedule.
  while (true) {
    Bucket* next = nullptr;
    Clock::time_point at = Clock::time_point::max();
    for (Bucket& bucket : buckets_) {
      const Clock::time_point due =
          start + bucket.every * static_cast<int>(bucket.sent - 2 * bucket.burst + 1);
      if (due - start <= bucket.until && due < at) {
        next = &bucket;
        at = due;
      }
    }
    if (next == nullptr) break;
    std::this_thread::sleep_until(at);
    offer(*next);
    expect_close(*next);
  }
  for (const Bucket& bucket : buckets_) {
    const double refilled = seconds(bucket.last - bucket.first) * bucket.rate;
    const double overflow = bucket.longest_gap * bucket.rate;  // that much must fit into the bucket
    for (size_t i = 0; i < both_.size(); ++i) {
      const std::string who = fmt::format("{}: {} took {} of {}", bucket.limit, both_[i]->name,
                                          bucket.taken[i], bucket.sent);
      EXPECT_LE(bucket.taken[i], bucket.burst + refilled + 1) << who;
      if (overflow < bucket.burst) {
        EXPECT_GE(bucket.taken[i], bucket.burst + refilled - 2) << who;
      }
    }
    RecordProperty(fmt::format("port{}", bucket.port),
                   fmt::format("{}: {} and {} of {}", bucket.limit, bucket.taken[0],
                               bucket.taken[1], bucket.sent));
  }
}

}  // namespace
}  // namespace bulkhead::testing
