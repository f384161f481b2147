// SPDX-License-Identifier: GPL-2.0-or-later
// Targets that write headers, by the packet that leaves.
#include <algorithm>

#include <gtest/gtest.h>

#include "kernel/changing_fixture.h"

namespace bulkhead::testing {
namespace {

constexpr size_t kIp4Header = 20;
constexpr size_t kIp6Header = 40;
// The same in every run: whether a checksum comes out as 0 must not be left to chance.
constexpr uint16_t kId = 0x1234;

class Mangle : public ChangingTest {};

Bytes udp_through(uint8_t ttl, uint8_t tos = 0) {
  return build(Ip4{.saddr = kPeer, .daddr = kBehind, .id = kId, .tos = tos, .ttl = ttl} / Udp{});
}
Bytes udp_through6(uint8_t hops, uint8_t traffic_class = 0) {
  return build(Ip6{.saddr = kPeer6,
                   .daddr = kBehind6,
                   .flow_label = 0x54321,
                   .traffic_class = traffic_class,
                   .hop_limit = hops} /
               Udp{});
}
Bytes tcp_through(const Tcp& tcp) {
  return build(Ip4{.saddr = kPeer, .daddr = kBehind, .id = kId} / tcp);
}
Bytes tcp_through6(const Tcp& tcp) {
  return build(Ip6{.saddr = kPeer6, .daddr = kBehind6, .flow_label = 0x54321} / tcp);
}
// As a router passes it on.
Bytes tcp_behind(const Tcp& tcp) {
  return build(Ip4{.saddr = kPeer, .daddr = kBehind, .id = kId, .ttl = 63} / tcp);
}
Bytes tcp_behind6(const Tcp& tcp) {
  return build(Ip6{.saddr = kPeer6, .daddr = kBehind6, .flow_label = 0x54321, .hop_limit = 63} /
               tcp);
}

bool checksum_is_right(const Bytes& packet) {
  return internet_checksum(Bytes(packet.begin(), packet.begin() + kIp4Header)) == 0;
}

struct HopLimit {
  std::string chain;
  std::string change;  // behind "--ttl-" or "--hl-"
  int by;              // 1000 + n: it becomes n
};

const HopLimit kHopLimits[] = {{"FORWARD", "set 42", 1042},     {"POSTROUTING", "set 0", 1000},
                               {"POSTROUTING", "inc 1", 1},     {"POSTROUTING", "dec 1", -1},
                               {"FORWARD", "inc 200", 200},     {"FORWARD", "dec 100", -100},
                               {"POSTROUTING", "dec 255", -255}};

int changed(int before, int by) {
  if (by >= 1000) return by - 1000;
  return std::clamp(before + by, 0, 255);
}

TEST_F(Mangle, TheTimeToLiveAtBothItsEndsAndBetween) {
  for (const HopLimit& each : kHopLimits) {
    load("mangle", {fmt::format("-A {} -j TTL --ttl-{}", each.chain, each.change)});
    for (int ttl = 2; ttl <= 255; ++ttl) {
      const Bytes out = passed(udp_through(static_cast<uint8_t>(ttl)));
      ASSERT_FALSE(out.empty());
      EXPECT_EQ(out[8], changed(ttl - 1, each.by)) << each.change << " of " << ttl;
      EXPECT_TRUE(checksum_is_right(out)) << each.change << " of " << ttl;
    }
  }
}

TEST_F(Mangle, TheHopLimitAtBothItsEndsAndBetween) {
  for (const HopLimit& each : kHopLimits) {
    load("mangle", {fmt::format("-A {} -j HL --hl-{}", each.chain, each.change)}, true);
    for (const int hops : {2, 3, 42, 43, 57, 100, 101, 102, 200, 254, 255}) {
      const Bytes out = passed(udp_through6(static_cast<uint8_t>(hops)));
      ASSERT_FALSE(out.empty());
      EXPECT_EQ(out[7], changed(hops - 1, each.by)) << each.change << " of " << hops;
    }
  }
}

// Before the router looks: what would die here goes on, and what would go on dies.
TEST_F(Mangle, TheTimeToLiveBeforeTheRouterLooksAtIt) {
  load("mangle",
       {"-A PREROUTING -p udp -j TTL --ttl-inc 1", "-A PREROUTING -p tcp -j TTL --ttl-set 1"});
  EXPECT_EQ(passed(udp_through(1)), udp_through(1));
  EXPECT_TRUE(passed(tcp_through({})).empty());
}

TEST_F(Mangle, RulesBehindSeeWhatTheOnesBeforeHaveWritten) {
  load("mangle",
       {"-A FORWARD -j TTL --ttl-set 9", "-A FORWARD -m ttl --ttl-eq 9 -j TTL --ttl-inc 2",
        "-A FORWARD -m ttl --ttl-eq 11 -j DSCP --set-dscp 5",
        "-A POSTROUTING -m dscp --dscp 5 -j TOS --or-tos 3"});
  load("filter", {"-A FORWARD -m ttl --ttl-eq 11 -m dscp --dscp 5 -m comment --comment seen"});
  const Bytes out = passed(udp_through(64));
  ASSERT_FALSE(out.empty());
  EXPECT_EQ(out[8], 11);
  EXPECT_EQ(out[1], 5 << 2 | 3);
  EXPECT_EQ(counted("seen"), 1u);
}

struct Tos {
  std::string options;
  uint8_t keep;
  uint8_t flip;
};

const Tos kTos[] = {{"TOS --set-tos 0x5a", 0, 0x5a},
                    {"TOS --set-tos 0xff/0x0f", 0xf0, 0xff},
                    {"TOS --set-tos Minimize-Delay", 0xc0, 0x10},
                    {"TOS --and-tos 0x35", 0x35, 0},
                    {"TOS --or-tos 0x35", 0xca, 0x35},
                    {"TOS --xor-tos 0xa5", 0xff, 0xa5},
                    {"DSCP --set-dscp 0", 0x03, 0},
                    {"DSCP --set-dscp-class EF", 0x03, 0x2e << 2},
                    {"DSCP --set-dscp 63", 0x03, 0xfc}};

TEST_F(Mangle, EveryTypeOfServiceAndTrafficClass) {
  for (const Tos& each : kTos) {
    load("mangle", {fmt::format("-A FORWARD -j {}", each.options)});
    load("mangle", {fmt::format("-A FORWARD -j {}", each.options)}, true);
    for (unsigned tos = 0; tos < 256; tos += 3) {
      const auto before = static_cast<uint8_t>(tos);
      const auto after = static_cast<uint8_t>((before & each.keep) ^ each.flip);
      EXPECT_EQ(passed(udp_through(64, before)), udp_through(63, after))
          << each.options << " of " << tos;
      EXPECT_EQ(passed(udp_through6(64, before)), udp_through6(63, after))
          << each.options << " of " << tos;
    }
  }
}

TEST_F(Mangle, TheBitsOfCongestionNotification) {
  const struct {
    std::string options;
    std::string flags;  // of what leaves, where all are set and where none is
    std::string from_none;
  } kCases[] = {{"--ecn-tcp-remove", "SA", "SA"},
                {"--ecn-tcp-ece 0", "SAC", "SA"},
                {"--ecn-tcp-ece 1", "SAEC", "SAE"},
                {"--ecn-tcp-cwr 0", "SAE", "SA"},
                {"--ecn-tcp-ece 0 --ecn-tcp-cwr 1", "SAC", "SAC"}};
  for (const auto& each : kCases) {
    load("mangle", {"-A FORWARD -p tcp -j ECN " + each.options});
    for (const Bytes& data : {Bytes{}, Bytes{1, 1, 1, 1}}) {
      EXPECT_EQ(passed(tcp_through({.flags = "SAEC", .options = data})),
                tcp_behind({.flags = each.flags, .options = data}))
          << each.options;
      EXPECT_EQ(passed(tcp_through({.flags = "SA", .options = data})),
                tcp_behind({.flags = each.from_none, .options = data}))
          << each.options;
    }
  }
  load("mangle", {"-A FORWARD -j ECN --ecn-ip-ect 2"});
  EXPECT_EQ(passed(udp_through(64, 0xff)), udp_through(63, 0xfe));
  EXPECT_EQ(passed(udp_through(64, 0x00)), udp_through(63, 0x02));
}

// Window scale, MSS, SACK permitted, timestamps, at even and odd places.
const Bytes kOptions = {2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 8,   10,
                        0, 0, 0, 1,    0, 0, 0, 2, 1, 1, 254, 3};

Bytes without(std::initializer_list<uint8_t> kinds) {
  Bytes options = kOptions;
  options.push_back(9);  // the value of option 254
  for (size_t i = 0; i < options.size();) {
    const size_t size = options[i] == 1 ? 1 : options[i + 1];
    if (std::ranges::find(kinds, options[i]) != kinds.end())
      std::fill_n(options.begin() + static_cast<long>(i), size, uint8_t{1});
    i += size;
  }
  return options;
}

TEST_F(Mangle, TcpOptionsBecomeOnesThatMeanNothing) {
  std::string all = "2";
  for (int kind = 3; kind < 256; ++kind) all += fmt::format(",{}", kind);
  const struct {
    std::string strip;
    Bytes left;
  } kCases[] = {{"", without({})},
                {" --strip-options mss", without({2})},
                {" --strip-options 254,timestamp,wscale", without({3, 8, 254})},
                {" --strip-options sack,sack-permitted", without({4})},
                {" --strip-options " + all, without({2, 3, 4, 8, 254})}};
  for (const auto& each : kCases) {
    const std::string rule = "-A FORWARD -p tcp -j TCPOPTSTRIP" + each.strip;
    load("mangle", {rule});
    load("mangle", {rule}, true);
    EXPECT_EQ(passed(tcp_through({.options = without({})})), tcp_behind({.options = each.left}))
        << rule;
    EXPECT_EQ(passed(tcp_through6({.options = without({})})), tcp_behind6({.options = each.left}))
        << rule;
    EXPECT_EQ(passed(tcp_through({})), tcp_behind({})) << rule;
  }
}

// As iptables does: the header isn't all there; where options are stripped, also if it says that it
// is longer than the packet, or shorter than the shortest.
TEST_F(Mangle, WhatWritesTheTcpHeaderDropsAPacketWhereItIsCutOff) {
  for (const std::string target :
       {"ECN --ecn-tcp-remove", "TCPOPTSTRIP --strip-options 2", "TCPOPTSTRIP"}) {
    for (const bool v6 : {false, true}) {
      if (v6 && target.starts_with("ECN")) continue;
      load("mangle",
           {"-A FORWARD -p tcp -m comment --comment before", "-A FORWARD -p tcp -j " + target,
            "-A FORWARD -p tcp -m comment --comment behind"},
           v6);
      const size_t ip = v6 ? kIp6Header : kIp4Header;
      const Tcp with_options{.options = without({})};
      const Bytes whole = v6 ? tcp_through6(with_options) : tcp_through(with_options);
      Bytes shorter = whole;
      shorter[ip + 12] = 4 << 4;
      EXPECT_FALSE(passed(whole).empty()) << target;
      const bool strips = target.starts_with("TCPOPTSTRIP");
      EXPECT_EQ(passed(shorter).empty(), strips) << target;
      EXPECT_TRUE(passed(truncate(whole, ip + 19)).empty()) << target;
      EXPECT_TRUE(passed(truncate(whole, ip + 1)).empty()) << target;
      EXPECT_EQ(passed(truncate(whole, ip + 22)).empty(), strips) << target;
      EXPECT_EQ(counted("before", v6), 5u) << target;
      EXPECT_EQ(counted("behind", v6), strips ? 1u : 3u) << target;
    }
  }
}

// docs/differences.md: the kernel's own.
TEST_F(Mangle, AChecksumOfZeroHasAllBitsOrNone) {
  load("mangle", {"-A POSTROUTING -j TTL --ttl-set 42"});
  const auto with = [](uint16_t id, uint8_t ttl) {
    return build(Ip4{.saddr = kPeer, .daddr = kBehind, .id = id, .ttl = ttl} / Udp{});
  };
  uint16_t id = 1;
  while (with(id, 42)[10] != 0 || with(id, 42)[11] != 0) ++id;
  for (const auto& firewall : both_) {
    const Bytes out = left(firewall->rig.inject("eth0", with(id, 64)), "eth1");
    ASSERT_FALSE(out.empty());
    EXPECT_EQ(out[10], out[11]);
    EXPECT_TRUE(out[10] == 0 || out[10] == 0xff);
    EXPECT_TRUE(checksum_is_right(out)) << firewall->name;
  }
}

// docs/differences.md: nf_tables strips the first of several options of a kind.
TEST_F(Mangle, OfSeveralOptionsOfAKindOnlyTheFirstIsStripped) {
  load("mangle", {"-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 2"});
  const Bytes both = {2, 4, 5, 0xb4, 2, 4, 5, 0xb5};
  const Bytes in = tcp_through({.options = both});
  EXPECT_EQ(left(legacy().rig.inject("eth0", in), "eth1"), tcp_behind({.options = Bytes(8, 1)}));
  EXPECT_EQ(left(ours().rig.inject("eth0", in), "eth1"),
            tcp_behind({.options = {1, 1, 1, 1, 2, 4, 5, 0xb5}}));
}

// docs/differences.md: iptables takes a later fragment's data for a header, and writes there.
class MangleFragments : public ChangingTest {
 protected:
  RigOptions network() const override { return {.conntrack = false}; }
};

TEST_F(MangleFragments, AreLeftAsTheyAre) {
  load("mangle", {"-A FORWARD -p tcp -j ECN --ecn-tcp-remove",
                  "-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options 2"});
  const Bytes data(24, 0xff);
  const Ip4 later{.saddr = kPeer, .daddr = kBehind, .id = kId, .fragment_offset = 4};
  Ip4 behind = later;
  behind.ttl = 63;
  EXPECT_EQ(left(ours().rig.inject("eth0", build(later / Raw{6, data})), "eth1"),
            build(behind / Raw{6, data}));
  EXPECT_NE(left(legacy().rig.inject("eth0", build(later / Raw{6, data})), "eth1"),
            build(behind / Raw{6, data}));
}

}  // namespace
}  // namespace bulkhead::testing
