// SPDX-License-Identifier: GPL-2.0-or-later
// Why the bits of TCP aren't asked in nf_tables' own words.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

class Ecn : public TwoFirewalls {
 protected:
  // Of a rule with this match, alone in its chain, how often it counts the packet.
  static uint64_t counts(Firewall& firewall, const std::string& chain, const std::string& match,
                         const Bytes& packet) {
    firewall.ip4.must_restore(
        filter(fmt::format("-A {} {} -m comment --comment here\n", chain, match)));
    firewall.rig.inject("eth0", packet);
    return firewall.packets("here");
  }
};

TEST_F(Ecn, ReadsTheBitsOfTcpInALaterFragmentToo) {
  constexpr uint8_t kTcp = 6, kCwr = 0x80;
  Bytes data(24);
  data[13] = kCwr;
  const auto fragment = [&] {
    return build(
        Packet{Ip4{
            .saddr = kUntracked, .daddr = kBehind, .more_fragments = true, .fragment_offset = 8}} /
        Raw{.protocol = kTcp, .bytes = data});
  };
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    EXPECT_EQ(counts(*firewall, "FORWARD", "-p tcp -m ecn --ecn-tcp-cwr", fragment()), 1u);
    EXPECT_EQ(counts(*firewall, "FORWARD", "-p tcp -m ecn ! --ecn-tcp-cwr", fragment()), 0u);
    EXPECT_EQ(counts(*firewall, "FORWARD", "-p tcp -m ecn ! --ecn-tcp-ece", fragment()), 1u);
  }
}

}  // namespace
}  // namespace bulkhead::testing
