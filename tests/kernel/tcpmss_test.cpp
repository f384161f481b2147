// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's tcpmss match takes a later fragment's data for a TCP header, and drops the packet
// where that is none: only where it is asked at all.
#include <string>

#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

class Tcpmss : public TwoFirewalls {
 protected:
  // Its header would be 4 bytes long.
  static Bytes later_fragment() {
    constexpr uint8_t kTcp = 6;
    Bytes data(24);
    data[12] = 1 << 4;
    return build(
        Packet{Ip4{
            .saddr = kUntracked, .daddr = kBehind, .more_fragments = true, .fragment_offset = 3}} /
        Raw{.protocol = kTcp, .bytes = data});
  }
};

TEST_F(Tcpmss, DropsALaterFragmentThatIsNoHeader) {
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(filter("-A FORWARD -p tcp -m tcpmss --mss 1461:65535\n"));
    EXPECT_FALSE(firewall->rig.inject("eth0", later_fragment()).forward) << firewall->name;
  }
}

TEST_F(Tcpmss, IsNotAskedWhereTheMatchBeforeItDoesNotHold) {
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(
        filter("-A FORWARD -p tcp -m tcp ! --dport 80 -m tcpmss --mss 1461:65535\n"));
    EXPECT_TRUE(firewall->rig.inject("eth0", later_fragment()).forward) << firewall->name;
  }
}

}  // namespace
}  // namespace bulkhead::testing
