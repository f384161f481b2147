// SPDX-License-Identifier: GPL-2.0-or-later
// What a translation makes of a packet, checksums and all: the same bytes as of a packet that was
// built with the new ends.
#include <gtest/gtest.h>

#include "backend/sim/simulator.h"
#include "support/packet_builder.h"

namespace bulkhead::backend::sim {
namespace {

using namespace bulkhead::testing;
using Kind = ir::Nat::Kind;

net::Address address(std::string_view text) {
  const bool v6 = text.find(':') != text.npos;
  return *net::parse_address(v6 ? net::Family::kIpv6 : net::Family::kIpv4, text);
}

ir::Nat to(Kind kind, std::string_view first, std::string_view last) {
  return {.kind = kind, .addresses = ir::Nat::Addresses{address(first), address(last)}};
}

// The packet as it leaves table nat, whose chain of this hook does nothing else.
Bytes translated(const ir::Nat& nat, ir::Hook hook, const Bytes& packet) {
  const bool v6 = packet[0] >> 4 == 6;
  ir::Ruleset rules{.family = v6 ? net::Family::kIpv6 : net::Family::kIpv4};
  for (ir::Chain& chain : rules.table("nat").chains)
    chain.rules.push_back({.target = {.action = nat}});
  const Outcome outcome = evaluate(rules, "nat", {.bytes = packet, .hook = hook});
  EXPECT_EQ(outcome.translated, nat);
  return outcome.packet.bytes;
}

Bytes udp(const std::string& from, uint16_t sport, const std::string& to, uint16_t dport) {
  const Udp ports{.sport = sport, .dport = dport};
  return build(Ip4{.saddr = from, .daddr = to, .id = 1} / ports);
}
Bytes tcp6(const std::string& from, const std::string& to) {
  return build(Ip6{.saddr = from, .daddr = to, .flow_label = 1} / Tcp{});
}

TEST(Translation, OfOneAddressAndPort) {
  ir::Nat nat = to(Kind::kDnat, "203.0.113.9", "203.0.113.9");
  nat.ports = ir::Nat::Ports{8053, 8053, {}};
  EXPECT_EQ(translated(nat, ir::Hook::kPrerouting, udp("192.0.2.9", 5, "192.0.2.1", 53)),
            udp("192.0.2.9", 5, "203.0.113.9", 8053));
  nat.kind = Kind::kSnat;
  EXPECT_EQ(translated(nat, ir::Hook::kPostrouting, udp("192.0.2.9", 5, "192.0.2.1", 53)),
            udp("203.0.113.9", 8053, "192.0.2.1", 53));
}

TEST(Translation, OfANetworkKeepsTheHost) {
  const ir::Nat nat = to(Kind::kNetmap, "203.0.112.0", "203.0.113.255");
  const Bytes packet = udp("192.0.2.9", 5, "198.18.7.77", 53);
  const Bytes destination = udp("192.0.2.9", 5, "203.0.113.77", 53);
  const Bytes source = udp("203.0.112.9", 5, "198.18.7.77", 53);
  EXPECT_EQ(translated(nat, ir::Hook::kPrerouting, packet), destination);
  EXPECT_EQ(translated(nat, ir::Hook::kOutput, packet), destination);
  EXPECT_EQ(translated(nat, ir::Hook::kInput, packet), source);
  EXPECT_EQ(translated(nat, ir::Hook::kPostrouting, packet), source);
}

TEST(Translation, OfIpv6) {
  EXPECT_EQ(translated(to(Kind::kNetmap, "2001:db8:7::", "2001:db8:7::ffff:ffff:ffff:ffff"),
                       ir::Hook::kPrerouting, tcp6("2001:db8::9", "2001:db8::1")),
            tcp6("2001:db8::9", "2001:db8:7::1"));
  EXPECT_EQ(translated(to(Kind::kSnat, "2001:db8:7::5", "2001:db8:7::5"), ir::Hook::kInput,
                       tcp6("2001:db8::9", "2001:db8::1")),
            tcp6("2001:db8:7::5", "2001:db8::1"));
}

// Of several the kernel chooses.
TEST(Translation, OfARangeIsNotKnown) {
  const Bytes packet = udp("192.0.2.9", 5, "192.0.2.1", 53);
  EXPECT_EQ(
      translated(to(Kind::kDnat, "203.0.113.5", "203.0.113.9"), ir::Hook::kPrerouting, packet),
      packet);
}

}  // namespace
}  // namespace bulkhead::backend::sim
