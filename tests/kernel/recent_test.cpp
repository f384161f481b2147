// SPDX-License-Identifier: GPL-2.0-or-later
// `recent`: lists of addresses as real rulesets use them, and as programs write them. They belong
// to the kernel's module, not to a rule: what becomes of them when rules come and go is
// iptables-legacy's word.
#include <chrono>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kOther[] = "192.0.2.10";

class Recent : public TwoFirewalls {
 protected:
  void restore(const std::string& rules) {
    for (const auto& firewall : both_) firewall->ip4.must_restore(filter(rules));
  }
  static bool accepts(Firewall& firewall, const char* source, const Packet& rest) {
    const Bytes packet = build(Packet{Ip4{.saddr = source, .daddr = kHost}} / rest);
    return firewall.rig.inject("eth0", packet).verdict == Verdict::kAccepted;
  }
  static void must(const Firewall& firewall, std::vector<std::string> words) {
    const ExecResult result = firewall.ip4.command(std::move(words));
    ASSERT_EQ(result.exit_code, 0) << firewall.name << ": " << result.err;
  }
  // Of the list's file, the first words in order: "src=192.0.2.9".
  static std::string addresses(const Firewall& firewall, std::string_view list) {
    return firewall.net.must_exec(
        {"sh", "-c", fmt::format("cut -d' ' -f1 /proc/net/xt_recent/{} | sort", list)});
  }
  static void write(const Firewall& firewall, std::string_view list, std::string_view line) {
    firewall.net.must_exec(
        {"sh", "-c", fmt::format("echo '{}' > /proc/net/xt_recent/{}", line, list)});
  }
};

TEST_F(Recent, TheFourthConnectionIsRefusedUntilTheAddressIsTakenOff) {
  restore(
      "-A INPUT -p tcp --dport 22 -m state --state NEW -m recent --set --name SSH\n"
      "-A INPUT -p tcp --dport 22 -m state --state NEW -m recent --update --seconds 3600 "
      "--hitcount 4 --rttl --name SSH -j DROP\n"
      "-A INPUT -p tcp --dport 23 -m recent --remove --name SSH -j DROP\n");
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    uint16_t port = 40000;
    const auto connects = [&](const char* source) {
      return accepts(*firewall, source, {Tcp{.sport = ++port, .dport = 22}});
    };
    for (unsigned i = 1; i <= 5; ++i) EXPECT_EQ(connects(kPeer), i < 4) << i;
    EXPECT_TRUE(connects(kOther));
    EXPECT_EQ(addresses(*firewall, "SSH"), fmt::format("src={}\nsrc={}\n", kOther, kPeer));
    EXPECT_TRUE(accepts(*firewall, "192.0.2.11", {Tcp{.dport = 23}}));
    EXPECT_FALSE(accepts(*firewall, kPeer, {Tcp{.dport = 23}}));
    EXPECT_TRUE(connects(kPeer));
  }
}

TEST_F(Recent, SetNegatedNotesTheAddressAndNeverHolds) {
  restore(
      "-A INPUT -m recent ! --set --name seen --rdest -m comment --comment set\n"
      "-A INPUT -m recent --rcheck --name seen --rdest -m comment --comment found\n"
      "-A INPUT -m recent ! --rcheck --name seen --rsource -m comment --comment other\n");
  for (const auto& firewall : both_) {
    EXPECT_TRUE(accepts(*firewall, kPeer, {Udp{}})) << firewall->name;
    EXPECT_EQ(firewall->packets("set"), 0u) << firewall->name;
    EXPECT_EQ(firewall->packets("found"), 1u) << firewall->name;
    EXPECT_EQ(firewall->packets("other"), 1u) << firewall->name;
    EXPECT_EQ(addresses(*firewall, "seen"), fmt::format("src={}\n", kHost)) << firewall->name;
  }
}

TEST_F(Recent, ThePortsOfAKnockOpenAnother) {
  restore(
      "-A INPUT -p tcp --dport 22 -m recent --rcheck --seconds 3600 --name two -j ACCEPT\n"
      "-A INPUT -p tcp --dport 2000 -m recent --remove --name one -m recent --set --name two "
      "-j DROP\n"
      "-A INPUT -p tcp --dport 1000 -m recent --set --name one -j DROP\n"
      "-A INPUT -p tcp -j DROP\n");
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    const auto knock = [&](uint16_t port) { accepts(*firewall, kPeer, {Tcp{.dport = port}}); };
    const auto open = [&] { return accepts(*firewall, kPeer, {Tcp{.dport = 22}}); };
    knock(2000);
    EXPECT_FALSE(open());
    knock(1000);
    EXPECT_FALSE(open());
    knock(2000);
    EXPECT_TRUE(open());
    EXPECT_FALSE(accepts(*firewall, kOther, {Tcp{.dport = 22}}));
    EXPECT_EQ(addresses(*firewall, "one"), "");
  }
}

TEST_F(Recent, OtherProgramsWriteTheList) {
  restore("-A INPUT -m recent --rcheck --name f2b -j DROP\n");
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    EXPECT_TRUE(accepts(*firewall, kPeer, {Udp{}}));
    write(*firewall, "f2b", fmt::format("+{}", kPeer));
    EXPECT_FALSE(accepts(*firewall, kPeer, {Udp{}}));
    EXPECT_TRUE(accepts(*firewall, kOther, {Udp{}}));
    write(*firewall, "f2b", fmt::format("-{}", kPeer));
    EXPECT_TRUE(accepts(*firewall, kPeer, {Udp{}}));
  }
}

// A list is there as long as a rule names it. It outlives a restore of everything, and the rule
// that made it.
TEST_F(Recent, TheListStaysWhileARuleNamesIt) {
  const std::string rules =
      "-A INPUT -p udp -m recent --set --name kept -j ACCEPT\n"
      "-A INPUT -p tcp -m recent ! --rcheck --name kept -j DROP\n";
  restore(rules);
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    EXPECT_FALSE(accepts(*firewall, kPeer, {Tcp{}}));
    EXPECT_TRUE(accepts(*firewall, kPeer, {Udp{}}));
    const auto expect_kept = [&](std::string_view after) {
      EXPECT_EQ(addresses(*firewall, "kept"), fmt::format("src={}\n", kPeer)) << after;
      EXPECT_TRUE(accepts(*firewall, kPeer, {Tcp{}})) << after;
    };
    must(*firewall, {"-I", "INPUT", "-s", "198.18.0.1", "-j", "DROP"});
    expect_kept("an insert");
    firewall->ip4.must_restore(filter(rules));
    expect_kept("a restore");
    must(*firewall, {"-D", "INPUT", "1"});
    expect_kept("the rule that made it went");
    // Of the last rule that names it nothing is left, also for a new rule.
    must(*firewall, {"-F", "INPUT"});
    must(*firewall,
         {"-A", "INPUT", "-m", "recent", "!", "--rcheck", "--name", "kept", "-j", "DROP"});
    EXPECT_EQ(addresses(*firewall, "kept"), "");
    EXPECT_FALSE(accepts(*firewall, kPeer, {Tcp{}}));
  }
}

TEST_F(Recent, BothFamiliesShareAList) {
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    for (const bool v6 : {false, true}) {
      firewall->tables(v6).must_restore(
          filter("-A INPUT -p udp -m recent --set --name shared -j ACCEPT\n"
                 "-A INPUT -m recent ! --rcheck --name shared -j DROP\n"));
    }
    EXPECT_EQ(firewall->rig.inject("eth0", to_host6({Tcp{}})).verdict, Verdict::kDropped);
    EXPECT_EQ(firewall->rig.inject("eth0", to_host6({Udp{}})).verdict, Verdict::kAccepted);
    EXPECT_EQ(firewall->rig.inject("eth0", to_host6({Tcp{}})).verdict, Verdict::kAccepted);
    EXPECT_FALSE(accepts(*firewall, kPeer, {Tcp{}}));
    EXPECT_TRUE(accepts(*firewall, kPeer, {Udp{}}));
    EXPECT_EQ(addresses(*firewall, "shared"),
              "src=192.0.2.9\nsrc=2001:0db8:0000:0000:0000:0000:0000:0009\n");
  }
}

// Asked without a pause until it holds no more. Between the two packets lay no less than the time
// from the one's end to the other's beginning, and no more than that from beginning to end.
TEST_F(Recent, SecondsAreSeconds) {
  restore(
      "-A INPUT -p udp -m recent --set --name t -j ACCEPT\n"
      "-A INPUT -p tcp -m recent --rcheck --seconds 1 --name t -j ACCEPT\n"
      "-A INPUT -p tcp -j DROP\n");
  constexpr std::chrono::milliseconds kTick(10);  // the kernel counts in these or finer ones
  constexpr std::chrono::seconds kSecond(1);
  for (const auto& firewall : both_) {
    const Clock::time_point before_set = Clock::now();
    ASSERT_TRUE(accepts(*firewall, kPeer, {Udp{}}));
    const Clock::time_point after_set = Clock::now();
    while (true) {
      const Clock::time_point before = Clock::now();
      const bool held = accepts(*firewall, kPeer, {Tcp{}});
      const Clock::time_point after = Clock::now();
      if (held) {
        ASSERT_LE(before - after_set, kSecond + kTick) << firewall->name;
        continue;
      }
      EXPECT_GE(after - before_set, kSecond - kTick) << firewall->name;
      break;
    }
  }
}

}  // namespace
}  // namespace bulkhead::testing
