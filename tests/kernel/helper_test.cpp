// SPDX-License-Identifier: GPL-2.0-or-later
// The helper match: a connection that the kernel's own TFTP helper expected, and others. Who has
// the helper is said by a rule of iptables-legacy on both hosts.
#include <gtest/gtest.h>

#include "kernel/asked_matches.h"

namespace bulkhead::testing {
namespace {

class HelperMatch : public AskedMatches {};

TEST_F(HelperMatch, HoldsForWhatTheHelperExpected) {
  const Asked asked[] = {
      {"-m helper --helper tftp", 1},
      // As much of the name is compared as the helper's own has.
      {"-m helper --helper tftp-69", 1},
      {"-m helper --helper tft", 0},
      {"-m helper --helper ftp", 0},
      {"-m helper --helper \"\"", 1},
      {"-m helper ! --helper tftp", 1},
      {"-m helper ! --helper ftp", 2},
      {"-m helper ! --helper \"\"", 1},
  };
  const Place output{.chain = "OUTPUT"};
  load(output, asked);
  run_on_both({"iptables-legacy", "-t", "raw", "-A", "PREROUTING", "-p", "udp", "--dport", "69",
               "-j", "CT", "--helper", "tftp"});
  const std::string read_request("\0\1file\0octet\0", 13);
  inject_on_both(to_host({Udp{.sport = 40000, .dport = 69}, Payload{read_request}}));
  for (const auto& firewall : both_) {
    // The data comes from a port of its own; the other packet has nothing to do with it.
    EXPECT_TRUE(firewall->rig.send(from_host({Udp{.sport = 1234, .dport = 40000}})).output);
    EXPECT_TRUE(firewall->rig.send(from_host({Udp{.sport = 1234, .dport = 40001}})).output);
  }
  expect(output, asked);
}

}  // namespace
}  // namespace bulkhead::testing
