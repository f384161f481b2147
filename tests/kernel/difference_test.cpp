// SPDX-License-Identifier: GPL-2.0-or-later
// Witnesses of `bulkhead diff` as real packets: the kernel, with the one ruleset and with the
// other, does with them what was said.
#include "pass/difference.h"

#include <fmt/format.h>

#include "app/rules_text.h"
#include "app/witness_packet.h"
#include "support/rig_fixture.h"
#include "support/ruleset_drawer.h"

namespace bulkhead::testing {
namespace {

constexpr size_t kWitnesses = 40;

ir::Ruleset parsed(const DrawnRuleset& drawn) {
  auto rules =
      app::parse_rules(Source("drawn", drawn.text()),
                       drawn.ip6 ? net::Family::kIpv6 : net::Family::kIpv4, app::Counts::kLeftOut);
  EXPECT_TRUE(rules.ok()) << (rules.ok() ? "" : rules.error().message);
  return rules.ok() ? *std::move(rules) : ir::Ruleset{};
}

class DifferenceInTheKernel : public RigTest {
 protected:
  void SetUp() override {
    RigTest::SetUp();
    if (IsSkipped()) return;
    // The drawer's networks are behind eth0 and eth1, its hosts the rig's own.
    start({.interfaces = {{.name = "eth0",
                           .addresses = {"192.0.2.1/32", "192.0.2.20/32", "10.0.0.200/24"}},
                          {.name = "eth1", .addresses = {"203.0.113.1/24"}}},
           .untracked = {"203.0.113.128/25", "2001:db8:ffff::/48"},
           .sysctls = {{"net.ipv4.conf.all.rp_filter", "0"},
                       {"net.ipv4.conf.default.rp_filter", "0"},
                       {"net.ipv4.conf.eth0.rp_filter", "0"},
                       {"net.ipv4.conf.eth1.rp_filter", "0"}}});
  }

  static std::string word(const Outcome& outcome) {
    switch (outcome.verdict) {
      case Verdict::kDropped: return "dropped";
      case Verdict::kAccepted: return "accepted";
      case Verdict::kRejected: return "rejected";
    }
    return "";
  }

  // The packet as it is after conntrack is what the witness says only for a new connection.
  static bool can_be_sent(const net::PacketText& packet) {
    const auto source = static_cast<uint32_t>(packet.fields.source.value);
    constexpr uint32_t kPeers = 0x0a000000, kOutside = 0xc6336442;  // 10.0.0.0/24, 198.51.100.66
    const bool from_peer = source == kOutside || (source > kPeers && source < kPeers + 200);
    const auto destination = static_cast<uint32_t>(packet.fields.destination.value);
    const bool to_host = destination == 0xc0000201 || destination == 0xc0000214;
    const bool interface = packet.in_interface == "eth0" || packet.in_interface == "eth1";
    return from_peer && to_host && interface && packet.state == net::PacketState::kNew &&
           packet.fields.fragment_offset == 0 &&
           (packet.fields.protocol != net::kTcp || packet.fields.tcp_flags == net::kSyn) &&
           (packet.fields.protocol != net::kIcmp || packet.fields.icmp_type == 8);
  }
};

TEST_F(DifferenceInTheKernel, WitnessesBehaveAsSaid) {
  Random random("difference in the kernel");
  RulesetDrawer drawer(random, {.limits = false, .shapes = false});
  const Xtables tables(*net_, XtablesPrograms::in(BULKHEAD_BIN_DIR));
  size_t sent = 0;
  for (int tries = 0; sent < kWitnesses && tries < 2'000; ++tries) {
    const DrawnRuleset before = drawer.draw();
    const DrawnRuleset after = drawer.mutated(before);
    const auto found = pass::difference(parsed(before), parsed(after), {});
    ASSERT_TRUE(found.ok());
    for (const pass::ChangedPackets& change : found->changes) {
      if (change.chain != "INPUT") continue;
      const net::PacketText packet = app::packet_of(*found->space, change.witness);
      const bool whole = set::shape_of(*found->space, change.witness) == set::Shape::kWhole;
      if (!whole || !can_be_sent(packet)) continue;
      std::string seen[2];
      for (const bool second : {false, true}) {
        tables.must_restore((second ? after : before).text());
        rig_->flush_conntrack();
        seen[second ? 1 : 0] = word(rig_->inject(packet.in_interface, packet.bytes()));
      }
      const auto first_word = [](const std::string& text) {
        return text.substr(0, text.find(' '));
      };
      EXPECT_EQ(seen[0], first_word(change.before)) << net::to_string(packet) << "\n"
                                                    << before.text();
      EXPECT_EQ(seen[1], first_word(change.after)) << net::to_string(packet) << "\n"
                                                   << after.text();
      if (HasFailure()) return;
      ++sent;
    }
  }
  EXPECT_GE(sent, kWitnesses);
}

}  // namespace
}  // namespace bulkhead::testing
