// SPDX-License-Identifier: GPL-2.0-or-later
// NFQUEUE by what a listener gets and decides: from our rules the same as from iptables-legacy's.
#include "support/nfqueue.h"

#include <linux/netfilter.h>
#include <sched.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

// Behind the queueing rule of table filter, in it and in the next table of the hook.
std::string with_counters(const std::string& queueing, const std::string& chain = "INPUT") {
  return filter(fmt::format("-A {0} -p udp {1}\n-A {0} -m comment --comment passed-over\n", chain,
                            queueing)) +
         fmt::format("*security\n-A {} -m comment --comment next-table\nCOMMIT\n", chain);
}

class Nfqueue : public TwoFirewalls {
 protected:
  static std::unique_ptr<QueueListener> listen(const Firewall& firewall, uint16_t first,
                                               uint16_t count = 1) {
    std::unique_ptr<QueueListener> listener;
    firewall.net.run([&] { listener = std::make_unique<QueueListener>(first, count); });
    return listener;
  }
};

TEST_F(Nfqueue, TheListenerDecides) {
  for (const bool v6 : {false, true}) {
    const Bytes packet =
        v6 ? to_host6(Udp{} / Payload{"hello"}) : to_host(Udp{} / Payload{"hello"});
    for (const auto& firewall : both_) {
      SCOPED_TRACE(firewall->name);
      firewall->tables(v6).must_restore(with_counters("-j NFQUEUE --queue-num 7"));
      const auto listener = listen(*firewall, 7);
      for (const bool accept : {true, false}) {
        const Outcome outcome = firewall->rig.inject("eth0", packet);
        EXPECT_FALSE(outcome.input) << "it waits";
        const std::vector<Queued> waiting = listener->take();
        ASSERT_EQ(waiting.size(), 1u);
        EXPECT_EQ(waiting[0].hook, NF_INET_LOCAL_IN);
        EXPECT_EQ(waiting[0].packet, packet);
        EXPECT_EQ(firewall->packets("next-table", v6), accept ? 0u : 1u);
        listener->decide(waiting[0], accept);
      }
      EXPECT_EQ(firewall->packets("next-table", v6), 1u) << "the accepted one";
      EXPECT_EQ(firewall->packets("passed-over", v6), 0u) << "NFQUEUE ends the walk";
    }
  }
}

TEST_F(Nfqueue, ForwardedPacketsLeaveWhenTheyAreAccepted) {
  const Bytes packet = through(Udp{} / Payload{"hello"});
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    firewall->ip4.must_restore(with_counters("-j NFQUEUE", "FORWARD"));
    const auto listener = listen(*firewall, 0);
    EXPECT_TRUE(firewall->rig.inject("eth0", packet).emitted.empty());
    const std::vector<Queued> waiting = listener->take();
    ASSERT_EQ(waiting.size(), 1u);
    EXPECT_EQ(waiting[0].hook, NF_INET_FORWARD);
    listener->decide(waiting[0], true);
    EXPECT_EQ(firewall->packets("next-table"), 1u);
  }
}

TEST_F(Nfqueue, WithoutAListenerOnlyBypassLetsItThrough) {
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    for (const bool bypass : {false, true}) {
      firewall->ip4.must_restore(with_counters(bypass ? "-j NFQUEUE --queue-num 9 --queue-bypass"
                                                      : "-j NFQUEUE --queue-num 9"));
      EXPECT_EQ(firewall->rig.inject("eth0", to_host({Udp{}})).input, bypass);
      EXPECT_EQ(firewall->packets("next-table"), bypass ? 1u : 0u);
      EXPECT_EQ(firewall->packets("passed-over"), 0u);
    }
  }
}

// The kernel's hash has one seed for the whole machine.
TEST_F(Nfqueue, BalanceGivesEachPairOfAddressesItsQueue) {
  std::vector<std::vector<uint16_t>> queues;
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(with_counters("-j NFQUEUE --queue-balance 20:23"));
    const auto listener = listen(*firewall, 20, 4);
    std::vector<uint16_t> chosen;
    for (int peer = 10; peer < 60; ++peer) {
      for (int packet = 0; packet < 2; ++packet) {
        firewall->rig.inject(
            "eth0", build(Ip4{.saddr = fmt::format("192.0.2.{}", peer), .daddr = kHost} / Udp{}));
        const std::vector<Queued> waiting = listener->take();
        ASSERT_EQ(waiting.size(), 1u) << firewall->name;
        if (packet == 1) {
          EXPECT_EQ(waiting[0].queue, chosen.back());
        } else {
          chosen.push_back(waiting[0].queue);
        }
        listener->decide(waiting[0], false);
      }
    }
    EXPECT_EQ(std::set(chosen.begin(), chosen.end()), (std::set<uint16_t>{20, 21, 22, 23}));
    queues.push_back(chosen);
  }
  EXPECT_EQ(queues[0], queues[1]);
}

TEST_F(Nfqueue, CpuFanoutIsByTheProcessor) {
  cpu_set_t allowed;
  sched_getaffinity(0, sizeof allowed, &allowed);
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(
        with_counters("-j NFQUEUE --queue-balance 30:32 --queue-cpu-fanout"));
    const auto listener = listen(*firewall, 30, 3);
    for (unsigned processor = 0; processor < CPU_SETSIZE; ++processor) {
      if (!CPU_ISSET(processor, &allowed)) continue;
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(processor, &one);
      ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
      firewall->rig.inject("eth0", to_host({Udp{}}));
      const std::vector<Queued> waiting = listener->take();
      ASSERT_EQ(waiting.size(), 1u) << firewall->name;
      EXPECT_EQ(waiting[0].queue, 30 + processor % 3) << firewall->name;
    }
    sched_setaffinity(0, sizeof allowed, &allowed);
  }
}

}  // namespace
}  // namespace bulkhead::testing
