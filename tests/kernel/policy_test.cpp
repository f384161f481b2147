// SPDX-License-Identifier: GPL-2.0-or-later
// The policy match, and others that are the kernel's own. There may be no IPsec transforms in the
// kernel to show a policy with, so what the kernel holds of a rule is compared with what it holds
// of the same rule by iptables-nft, whose extensions are iptables-legacy's.
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernel/asked_matches.h"
#include "support/kernel_rules.h"

namespace bulkhead::testing {
namespace {

class PolicyMatch : public AskedMatches {};

TEST_F(PolicyMatch, KnowsAPacketWithoutIpsec) {
  const Asked asked[] = {
      {"-m policy --dir in --pol none", 1},
      {"-m policy --dir in --pol ipsec", 0},
      {"-m policy --dir in --pol ipsec ! --reqid 1", 0},
      {"-m policy --dir in --pol ipsec --strict --proto esp", 0},
  };
  for (const bool v6 : {false, true}) {
    const Place input{.v6 = v6};
    load(input, asked);
    inject_on_both(v6 ? to_host6({Udp{}}) : to_host({Udp{}}));
    expect(input, asked);
  }
}

// (No whole IPv4 address: iptables writes its mask four times, where the kernel looks at one.)
TEST_F(PolicyMatch, AsksWhatIptablesAsks) {
  if (!std::filesystem::exists("/usr/sbin/iptables-nft")) GTEST_SKIP() << "no iptables-nft";
  const std::string rules[] = {
      "-m policy --dir in --pol none",
      "-m policy --dir in",
      "-m policy --dir in --pol ipsec --reqid 4294967295 --spi 0x12345678 --proto ipcomp",
      "-m policy --dir in ! --reqid 1 ! --spi 2 ! --proto ah ! --mode transport "
      "! --tunnel-src 192.0.2.0/28 ! --tunnel-dst 203.0.113.0/24",
      "-m policy --dir in --strict --mode tunnel --tunnel-dst 10.1.2.3/8 --next --proto esp --next "
      "--reqid 7 --next ! --spi 1",
  };
  std::string text;
  for (const std::string& rule : rules) text += "-A INPUT " + rule + "\n";
  ours().ip4.must_restore(filter(text));
  const Xtables other(
      ours().net,
      {.command = "iptables-nft", .save = "iptables-nft-save", .restore = "iptables-nft-restore"});
  other.must_restore(filter(text));
  const std::vector<std::string> theirs = kernel_rules(ours().net, "filter")["INPUT"];
  ASSERT_EQ(theirs.size(), std::size(rules));
  EXPECT_EQ(kernel_rules(ours().net, "bulkhead")["filter/INPUT"], theirs);
}

}  // namespace
}  // namespace bulkhead::testing
