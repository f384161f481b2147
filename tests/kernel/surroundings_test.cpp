// SPDX-License-Identifier: GPL-2.0-or-later
// Matches that ask what is around a packet and no words say: the realm of its route, the groups of
// its interfaces, the processor that handles it.
#include <sched.h>

#include <span>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

struct Asked {
  std::string match;
  uint64_t packets;
};

class Surroundings : public TwoFirewalls {
 protected:
  // The matches as rules of a chain, each with its place as a comment.
  static std::string rules(const std::string& chain, std::span<const Asked> asked) {
    std::string text;
    for (size_t i = 0; i < asked.size(); ++i)
      text += fmt::format("-A {} {} -m comment --comment {}\n", chain, asked[i].match, i);
    return text;
  }
  static void expect(const Firewall& firewall, std::span<const Asked> asked, bool v6 = false) {
    for (size_t i = 0; i < asked.size(); ++i) {
      EXPECT_EQ(firewall.packets(std::to_string(i), v6), asked[i].packets)
          << firewall.name << ' ' << asked[i].match;
    }
  }
};

TEST_F(Surroundings, TheRealmIsTheRoutes) {
  const Asked asked[] = {
      {"-m realm --realm 42", 1},        {"-m realm ! --realm 42", 2},
      {"-m realm --realm 2/3", 1},       {"-m realm ! --realm 0x1/0x2b", 3},
      {"-m realm --realm 0x20/0xf0", 1}, {"-m realm --realm 7", 1},
      {"-m realm --realm 0", 1},         {"-m realm --realm 43/42", 0},
  };
  for (const auto& firewall : both_) {
    for (const char* route : {"198.18.0.0/24 dev eth0 realm 42", "198.18.1.0/24 dev eth0 realm 7"})
      firewall->net.must_exec({"sh", "-c", std::string("ip route add ") + route});
    firewall->ip4.must_restore(filter(rules("OUTPUT", asked)));
    for (const char* to : {"198.18.0.1", "198.18.1.1", kPeer})
      firewall->rig.send(build(Packet{Ip4{.saddr = kHost, .daddr = to}} / Udp{}));
    expect(*firewall, asked);
  }
}

TEST_F(Surroundings, TheGroupsAreTheInterfaces) {
  const Asked of_input[] = {
      {"-m devgroup --src-group 7", 1},
      {"-m devgroup ! --src-group 7", 1},
      // Of the value, too, only the mask's bits count.
      {"-m devgroup --src-group 0x11/0x10", 1},
      {"-m devgroup --src-group 0x10/0x10", 1},
  };
  const Asked of_forward[] = {
      {"-m devgroup --src-group 7 --dst-group 0x13", 1},
      {"-m devgroup ! --src-group 7 --dst-group 7", 1},
      {"-m devgroup --dst-group 0x10/0xf0", 1},
      {"-m devgroup ! --dst-group 0x13", 1},
  };
  const Asked of_output[] = {
      {"-m devgroup --dst-group 7", 1},
      {"-m devgroup ! --dst-group 7", 0},
  };
  for (const auto& firewall : both_) {
    firewall->net.must_exec({"ip", "link", "set", "eth0", "group", "7"});
    firewall->net.must_exec({"ip", "link", "set", "eth1", "group", "0x13"});
    firewall->ip4.must_restore(filter(rules("INPUT", of_input)));
    firewall->rig.inject("eth0", to_host({Udp{}}));
    firewall->rig.inject("eth1",
                         build(Packet{Ip4{.saddr = kBehind, .daddr = "203.0.113.1"}} / Udp{}));
    expect(*firewall, of_input);
    firewall->ip4.must_restore(filter(rules("FORWARD", of_forward)));
    firewall->rig.inject("eth0", through({Udp{}}));
    firewall->rig.inject("eth1", build(Packet{Ip4{.saddr = kBehind, .daddr = kPeer}} / Udp{}));
    expect(*firewall, of_forward);
    firewall->ip6.must_restore(filter(rules("OUTPUT", of_output)));
    firewall->rig.send(from_host6({Udp{}}));
    expect(*firewall, of_output, true);
  }
}

// All that a packet goes through runs inside the write to its tun, so where we run is where it is
// handled.
TEST_F(Surroundings, TheProcessorIsTheOneThatHandlesIt) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    const Asked asked[] = {
        {fmt::format("-m cpu --cpu {}", cpu), 1},
        {fmt::format("-m cpu ! --cpu {}", cpu), 0},
        {fmt::format("-m cpu --cpu {}", cpu + 1), 0},
        {fmt::format("-m cpu ! --cpu {}", cpu + 1), 1},
    };
    for (const auto& firewall : both_) {
      firewall->ip4.must_restore(filter(rules("INPUT", asked)));
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
      firewall->rig.inject("eth0", to_host({Udp{}}));
      ASSERT_EQ(sched_setaffinity(0, sizeof allowed, &allowed), 0);
      expect(*firewall, asked);
    }
  }
}

}  // namespace
}  // namespace bulkhead::testing
