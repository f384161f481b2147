// SPDX-License-Identifier: GPL-2.0-or-later
// Matches that count connections, bytes or packets: `connlimit`, `connbytes`, `quota`, `statistic`.
// The same packets to ours and to iptables-legacy.
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

class CountingMatches : public TwoFirewalls {
 protected:
  void restore(const std::string& rules, bool v6 = false) {
    for (const auto& firewall : both_) firewall->tables(v6).must_restore(filter(rules));
  }
  static bool accepts(Firewall& firewall, const Bytes& packet) {
    return firewall.rig.inject("eth0", packet).verdict == Verdict::kAccepted;
  }
  // The kernel drops connections that are none any more from the count at most once a tick of its
  // clock, so it may still refuse for so long.
  static bool accepts_soon(Firewall& firewall, const Bytes& packet) {
    const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (std::chrono::steady_clock::now() < last) {
      if (accepts(firewall, packet)) return true;
    }
    return false;
  }
};

Bytes connect(const char* source, uint16_t sport, const char* destination = kHost) {
  return build(Packet{Ip4{.saddr = source, .daddr = destination}} /
               Packet{Tcp{.sport = sport, .dport = 22}});
}
Bytes datagram(size_t length, uint16_t sport = 40000) {
  return to_host({Udp{.sport = sport}, Payload{std::string(length - 28, 'x')}});
}

TEST_F(CountingMatches, ConnlimitRefusesTheFourthOfASource) {
  restore(
      "-A INPUT -p tcp --syn --dport 22 -m connlimit --connlimit-above 3 -j REJECT "
      "--reject-with tcp-reset\n");
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    for (uint16_t i = 1; i <= 5; ++i) EXPECT_EQ(accepts(*firewall, connect(kPeer, i)), i <= 3) << i;
    EXPECT_TRUE(accepts(*firewall, connect("192.0.2.10", 1))) << "another source";
    firewall->rig.flush_conntrack();
    EXPECT_TRUE(accepts_soon(*firewall, connect(kPeer, 6))) << "there are none any more";
  }
}

TEST_F(CountingMatches, ConnlimitOfANetworkAndOfADestination) {
  restore(
      "-A INPUT -p tcp -m connlimit --connlimit-upto 2 --connlimit-mask 30 -j ACCEPT\n"
      "-A INPUT -j DROP\n"
      "-A FORWARD -p tcp -m connlimit --connlimit-upto 2 --connlimit-daddr -j ACCEPT\n"
      "-A FORWARD -j DROP\n");
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    EXPECT_TRUE(accepts(*firewall, connect("192.0.2.8", 1)));
    EXPECT_TRUE(accepts(*firewall, connect("192.0.2.9", 1)));
    EXPECT_FALSE(accepts(*firewall, connect("192.0.2.10", 1)));
    EXPECT_TRUE(accepts(*firewall, connect("192.0.2.12", 1)));
    EXPECT_TRUE(accepts(*firewall, connect("192.0.2.8", 1, kBehind)));
    EXPECT_TRUE(accepts(*firewall, connect("192.0.2.9", 1, kBehind)));
    EXPECT_FALSE(accepts(*firewall, connect("192.0.2.12", 1, kBehind)));
    EXPECT_TRUE(accepts(*firewall, connect("192.0.2.12", 1, "203.0.113.10")));
  }
}

TEST_F(CountingMatches, ConnlimitOfIp6) {
  restore("-A INPUT -p tcp -m connlimit --connlimit-above 1 --connlimit-mask 64 -j DROP\n", true);
  const auto from = [](const char* source) {
    return build(Packet{Ip6{.saddr = source, .daddr = kHost6}} / Packet{Tcp{}});
  };
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    EXPECT_TRUE(accepts(*firewall, from(kPeer6)));
    EXPECT_FALSE(accepts(*firewall, from("2001:db8::a")));
  }
}

TEST_F(CountingMatches, ConnbytesTurnsTheAccountingOn) {
  for (const auto& firewall : both_) {
    const auto accounting = [&] {
      return firewall->net.must_exec({"cat", "/proc/sys/net/netfilter/nf_conntrack_acct"});
    };
    EXPECT_EQ(accounting(), "0\n") << firewall->name;
    firewall->ip4.must_restore(filter(
        "-A INPUT -m connbytes --connbytes 1 --connbytes-mode bytes --connbytes-dir both\n"));
    EXPECT_EQ(accounting(), "1\n") << firewall->name;
  }
}

// One connection: 100 bytes, 300 back, 200, 50.
TEST_F(CountingMatches, ConnbytesLooksAtWhatTheConnectionHadSoFar) {
  struct Asked {
    std::string connbytes;
    uint64_t in;   // of the three that come in
    uint64_t out;  // of the one that goes back
  };
  const Asked asked[] = {
      {"--connbytes 2 --connbytes-mode packets --connbytes-dir original", 2, 0},
      {"--connbytes 2:2 --connbytes-mode packets --connbytes-dir original", 1, 0},
      {"! --connbytes 2 --connbytes-mode packets --connbytes-dir original", 1, 1},
      {"! --connbytes 2:3 --connbytes-mode packets --connbytes-dir both", 2, 0},
      {"--connbytes 1 --connbytes-mode packets --connbytes-dir reply", 2, 1},
      {"--connbytes 0:0 --connbytes-mode packets --connbytes-dir reply", 1, 0},
      {"--connbytes 400:600 --connbytes-mode bytes --connbytes-dir both", 1, 1},
      {"--connbytes 301 --connbytes-mode bytes --connbytes-dir original", 1, 0},
      {"--connbytes 300:300 --connbytes-mode bytes --connbytes-dir reply", 2, 1},
      {"--connbytes 150:150 --connbytes-mode avgpkt --connbytes-dir original", 1, 0},
      {"--connbytes 200:200 --connbytes-mode avgpkt --connbytes-dir both", 1, 1},
  };
  std::string text;
  for (size_t i = 0; i < std::size(asked); ++i) {
    for (const std::string_view chain : {"INPUT", "OUTPUT"}) {
      text += fmt::format("-A {} -p udp -m connbytes {} -m comment --comment {}{}\n", chain,
                          asked[i].connbytes, chain, i);
    }
  }
  restore(text);
  const Bytes back = from_host({Udp{.sport = 53, .dport = 40000}, Payload{std::string(272, 'x')}});
  for (const auto& firewall : both_) {
    EXPECT_TRUE(accepts(*firewall, datagram(100)));
    EXPECT_TRUE(firewall->rig.send(back).output);
    EXPECT_TRUE(accepts(*firewall, datagram(200)));
    EXPECT_TRUE(accepts(*firewall, datagram(50)));
    for (size_t i = 0; i < std::size(asked); ++i) {
      EXPECT_EQ(firewall->packets(fmt::format("INPUT{}", i)), asked[i].in)
          << firewall->name << ' ' << asked[i].connbytes;
      EXPECT_EQ(firewall->packets(fmt::format("OUTPUT{}", i)), asked[i].out)
          << firewall->name << ' ' << asked[i].connbytes;
    }
  }
}

// A packet that is too long for what is left takes it all: a shorter one doesn't pass either.
TEST_F(CountingMatches, QuotaIsUsedUp) {
  restore(
      "-A INPUT -p udp -m quota --quota 1000 -j ACCEPT\n"
      "-A INPUT -p udp -m quota ! --quota 100 -m comment --comment over\n"
      "-A INPUT -p udp -j DROP\n");
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    EXPECT_TRUE(accepts(*firewall, datagram(600)));
    EXPECT_TRUE(accepts(*firewall, datagram(300)));
    EXPECT_FALSE(
        accepts(*firewall, datagram(101)));  // 100 were left; over the second quota at once
    EXPECT_FALSE(accepts(*firewall, datagram(50)));
    EXPECT_EQ(firewall->packets("over"), 2u);
  }
}

TEST_F(CountingMatches, StatisticCountsEveryNth) {
  struct Nth {
    unsigned every;
    unsigned packet;
    bool negated;
  };
  const Nth nths[] = {{1, 0, false}, {3, 0, false}, {3, 1, false}, {3, 2, false}, {4, 1, true}};
  std::string text;
  for (const Nth& nth : nths) {
    text += fmt::format(
        "-A INPUT -p udp --dport {} -m statistic --mode nth {}--every {} --packet {} "
        "-j DROP\n",
        1 + (&nth - nths), nth.negated ? "! " : "", nth.every, nth.packet);
  }
  restore(text);
  for (const auto& firewall : both_) {
    for (const Nth& nth : nths) {
      const auto port = static_cast<uint16_t>(1 + (&nth - nths));
      for (unsigned i = 0; i < 3 * nth.every; ++i) {
        const bool counted = i % nth.every == nth.packet;
        EXPECT_EQ(accepts(*firewall, to_host({Udp{.dport = port}})), counted == nth.negated)
            << firewall->name << ": packet " << i << " of " << nth.every << ' ' << nth.packet;
      }
    }
  }
}

// Of 4,000 packets no fewer nor more than six standard deviations from what is probable: that a
// right one fails is less probable than one in a hundred million.
TEST_F(CountingMatches, StatisticTakesSomeByChance) {
  constexpr double kPackets = 4000;
  struct Chance {
    std::string option;
    double share;
  };
  const Chance chances[] = {
      {"--probability 0.25", 0.25},
      {"! --probability 0.1", 0.9},
      {"--probability 0", 0},
      {"--probability 1", 1},
  };
  std::string text;
  for (const Chance& chance : chances) {
    text += fmt::format("-A INPUT -p udp -m statistic --mode random {} -m comment --comment {}\n",
                        chance.option, &chance - chances);
  }
  restore(text);
  for (const auto& firewall : both_) {
    const std::vector<Step> steps(static_cast<size_t>(kPackets),
                                  Step{.interface = "eth0", .packet = to_host({Udp{}})});
    firewall->rig.run(steps);
    for (const Chance& chance : chances) {
      const double deviation = std::sqrt(kPackets * chance.share * (1 - chance.share));
      const auto counted =
          static_cast<double>(firewall->packets(std::to_string(&chance - chances)));
      EXPECT_NEAR(counted, kPackets * chance.share, 6 * deviation)
          << firewall->name << ' ' << chance.option;
    }
  }
}

}  // namespace
}  // namespace bulkhead::testing
