// SPDX-License-Identifier: GPL-2.0-or-later
// NFLOG by what a listener gets: from our rules the same as from iptables-legacy's.
#include "support/nflog.h"

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

constexpr uint16_t kGroup = 5;

struct Heard {
  std::string prefix;
  int hook = -1;
  uint32_t in_index = 0;
  uint32_t out_index = 0;
  Bytes packet;

  friend bool operator==(const Heard&, const Heard&) = default;
};
void PrintTo(const Heard& heard, std::ostream* stream) {
  *stream << fmt::format("\"{}\" hook {} in {} out {} {} bytes", heard.prefix, heard.hook,
                         heard.in_index, heard.out_index, heard.packet.size());
}

class Nflog : public TwoFirewalls {
 protected:
  static std::unique_ptr<NflogReader> listen(const Firewall& firewall, uint16_t group,
                                             uint32_t queue = 1) {
    std::unique_ptr<NflogReader> reader;
    firewall.net.run([&] { reader = std::make_unique<NflogReader>(group, queue); });
    return reader;
  }
  static std::vector<Heard> drain(NflogReader& reader) {
    std::vector<Heard> heard;
    reader.drain([&](const LogEvent& event) {
      heard.push_back(
          {std::string(event.prefix), event.hook, event.in_index, event.out_index, event.packet});
    });
    return heard;
  }
};

TEST_F(Nflog, PrefixHookInterfacesAndThePacketCutAtItsSize) {
  const std::string text = filter(
      "-A INPUT -p udp -j NFLOG --nflog-group 5 --nflog-prefix \"whole: \"\n"
      "-A INPUT -p udp -j NFLOG --nflog-group 5 --nflog-size 30 --nflog-prefix cut\n"
      "-A INPUT -p udp -j NFLOG --nflog-group 5 --nflog-size 0\n"
      "-A INPUT -p udp -j NFLOG --nflog-group 5 --nflog-size 4294967295\n"
      "-A INPUT -p udp -j NFLOG --nflog-group 5 --nflog-range 10\n"
      "-A INPUT -p udp -j NFLOG --nflog-group 6 --nflog-prefix elsewhere\n"
      "-A INPUT -p udp -j NFLOG --nflog-prefix group-0\n"
      "-A FORWARD -p udp -j NFLOG --nflog-group 5 --nflog-prefix forward --nflog-threshold 7\n"
      "-A OUTPUT -p udp -j NFLOG --nflog-group 5 --nflog-prefix "
      "xxxxxxxxx1xxxxxxxxx2xxxxxxxxx3xxxxxxxxx4xxxxxxxxx5xxxxxxxxx6xxx\n");
  const Payload hundred{std::string(100, '.')};
  for (const bool v6 : {false, true}) {
    const size_t whole = (v6 ? 40 : 20) + 8 + hundred.text.size();
    const Bytes to = v6 ? to_host6(Udp{} / hundred) : to_host(Udp{} / hundred);
    const Bytes past = v6 ? through6(Udp{} / hundred) : through(Udp{} / hundred);
    const Bytes from = v6 ? from_host6(Udp{} / hundred) : from_host(Udp{} / hundred);
    std::vector<std::vector<Heard>> heard;
    for (const auto& firewall : both_) {
      firewall->tables(v6).must_restore(text);
      const auto reader = listen(*firewall, kGroup);
      firewall->rig.inject("eth0", to);
      firewall->rig.inject("eth0", past);
      firewall->rig.send(from);
      heard.push_back(drain(*reader));
    }
    EXPECT_EQ(heard[0], heard[1]);
    ASSERT_EQ(heard[0].size(), 7u);
    const Heard &all = heard[0][0], &cut = heard[0][1], &none = heard[0][2], &large = heard[0][3],
                &range = heard[0][4], &forward = heard[0][5], &output = heard[0][6];
    EXPECT_EQ(all.prefix, "whole: ");
    EXPECT_EQ(all.packet, to);
    EXPECT_EQ(cut.prefix, "cut");
    EXPECT_EQ(cut.packet, Bytes(to.begin(), to.begin() + 30));
    EXPECT_TRUE(none.packet.empty());
    EXPECT_EQ(large.packet.size(), whole);
    EXPECT_EQ(range.packet.size(), whole) << "--nflog-range means nothing";
    EXPECT_EQ(forward.prefix, "forward");
    EXPECT_NE(forward.out_index, 0u);
    EXPECT_EQ(output.prefix.size(), 63u);
  }
}

// With a listener who would wait for a hundred.
TEST_F(Nflog, TheThresholdIsHowManyComeAtOnce) {
  for (const auto& firewall : both_) {
    firewall->ip4.must_restore(
        filter("-A INPUT -p udp -j NFLOG --nflog-group 5 --nflog-threshold 3\n"));
    const auto reader = listen(*firewall, kGroup, 100);
    for (const size_t there : {0u, 0u, 3u, 0u, 0u, 3u}) {
      firewall->rig.inject("eth0", to_host({Udp{}}));
      EXPECT_EQ(drain(*reader).size(), there) << firewall->name;
    }
  }
}

}  // namespace
}  // namespace bulkhead::testing
