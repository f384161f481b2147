// SPDX-License-Identifier: GPL-2.0-or-later
// What matches remember of earlier packets, when other rules come and go. iptables-legacy replaces
// the whole table with each command, so what a rule itself remembers (a quota, a place in a count)
// starts anew there; only what has a name in the kernel stays. Ours leaves in place what isn't
// changed, and so all of it.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

// Takes one packet to its port, then none any more.
struct Memory {
  std::string match;
  bool has_a_name = false;
};

const Memory kMemories[] = {
    {"-m quota --quota 50"},
    {"-m statistic --mode nth --every 1000 --packet 0"},
    {"-m limit --limit 1/hour --limit-burst 1"},
    {"-m connlimit --connlimit-upto 1"},
    {"-m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 1 --hashlimit-name once", true},
    {"-m recent --set --name once -m recent ! --rcheck --hitcount 2 --name once", true},
};

class MemoryTest : public TwoFirewalls {
 protected:
  static std::string rules() {
    std::string text;
    for (const Memory& memory : kMemories) {
      text +=
          fmt::format("-A INPUT -p udp --dport {} {} -j ACCEPT\n", port_of(memory), memory.match);
    }
    return text + "-A INPUT -p udp -j DROP\n";
  }
  static uint16_t port_of(const Memory& memory) {
    return static_cast<uint16_t>(1 + (&memory - kMemories));
  }
  // Each time another connection of the same peer.
  bool takes(Firewall& firewall, const Memory& memory) {
    const Bytes packet = to_host({Udp{.sport = ++source_port_, .dport = port_of(memory)}});
    return firewall.rig.inject("eth0", packet).verdict == Verdict::kAccepted;
  }
  void use_up(Firewall& firewall) {
    for (const Memory& memory : kMemories) {
      ASSERT_TRUE(takes(firewall, memory)) << firewall.name << ' ' << memory.match;
      ASSERT_FALSE(takes(firewall, memory)) << firewall.name << ' ' << memory.match;
    }
  }
  static void must(const Firewall& firewall, std::vector<std::string> words) {
    const ExecResult result = firewall.ip4.command(std::move(words));
    ASSERT_EQ(result.exit_code, 0) << firewall.name << ": " << result.err;
  }

  uint16_t source_port_ = 30000;
};

TEST_F(MemoryTest, StaysWhenOtherRulesChange) {
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(filter(rules()));
    use_up(*firewall);
    must(*firewall, {"-N", "other"});
    must(*firewall, {"-A", "other", "-p", "tcp", "-j", "RETURN"});
    must(*firewall, {"-I", "INPUT", "-s", "198.18.0.1", "-j", "other"});
    must(*firewall, {"-A", "INPUT", "-s", "198.18.0.2", "-j", "DROP"});
    must(*firewall, {"-I", "INPUT", "3", "-s", "198.18.0.3", "-j", "DROP"});
    must(*firewall, {"-D", "INPUT", "-s", "198.18.0.2", "-j", "DROP"});
    must(*firewall, {"-P", "FORWARD", "DROP"});
    must(*firewall, {"-Z"});
    const bool is_ours = firewall == both_[0];
    for (const Memory& memory : kMemories)
      EXPECT_EQ(takes(*firewall, memory), !is_ours && !memory.has_a_name)
          << firewall->name << ' ' << memory.match;
  }
}

TEST_F(MemoryTest, BeginsAnewInARuleThatIsLoadedAnew) {
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(filter(rules()));
    use_up(*firewall);
    firewall->ip4.must_restore(filter(rules()));
    for (const Memory& memory : kMemories)
      EXPECT_EQ(takes(*firewall, memory), !memory.has_a_name)
          << firewall->name << ' ' << memory.match;
  }
}

TEST_F(MemoryTest, GoesWithTheLastRule) {
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(filter(rules()));
    use_up(*firewall);
    must(*firewall, {"-F"});
    firewall->ip4.must_restore(filter(rules()));
    for (const Memory& memory : kMemories)
      EXPECT_TRUE(takes(*firewall, memory)) << firewall->name << ' ' << memory.match;
  }
}

}  // namespace
}  // namespace bulkhead::testing
