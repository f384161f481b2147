// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/packet.h"

#include <gtest/gtest.h>

#include "support/packet_builder.h"

namespace bulkhead::net {
namespace {

using namespace bulkhead::testing;

Layout layout_of(const Packet& packet) {
  const auto layout = parse_layout(build(packet));
  EXPECT_TRUE(layout);
  return layout.value_or(Layout{});
}

TEST(Layout, Ipv4OptionsMoveTheTransportHeader) {
  const Layout plain = layout_of(Ip4{} / Tcp{});
  EXPECT_EQ(plain.protocol, 6);
  EXPECT_EQ(plain.transport_offset, 20u);
  const Layout moved = layout_of(Ip4{.options = {1, 1, 1, 1, 1}} / Udp{});
  EXPECT_EQ(moved.protocol, 17);
  EXPECT_EQ(moved.transport_offset, 28u);
}

TEST(Layout, Ipv4FragmentOffsetLeavesTheFlagsOut) {
  EXPECT_EQ(layout_of(Ip4{.dont_fragment = true} / Tcp{}).fragment_offset, 0);
  EXPECT_EQ(layout_of(Ip4{.more_fragments = true, .fragment_offset = 3} / Raw{6, Bytes(8)})
                .fragment_offset,
            3);
}

TEST(Layout, Ipv6WalksThroughExtensionHeaders) {
  const Layout layout = layout_of(Ip6{} / HopByHop{} / Routing{} / DestinationOptions{} / Tcp{});
  EXPECT_EQ(layout.protocol, 6);
  EXPECT_EQ(layout.transport_offset, 40u + 3 * 8);
  EXPECT_EQ(layout.fragment_offset, 0);
}

TEST(Layout, Ipv6StopsAtAuthenticationAndEncryption) {
  const Layout ah = layout_of(Ip6{} / Authentication{} / Tcp{});
  EXPECT_EQ(ah.protocol, 51);
  EXPECT_EQ(ah.transport_offset, 40u);
  EXPECT_EQ(layout_of(Ip6{} / Raw{50, Bytes(16)}).protocol, 50);
}

TEST(Layout, Ipv6NoNextHeaderIsAProtocol) {
  EXPECT_EQ(layout_of(Ip6{} / DestinationOptions{} / Raw{59, {}}).protocol, 59);
}

TEST(Layout, Ipv6FirstFragmentIsWalkedThrough) {
  const Layout layout = layout_of(Ip6{} / Fragment6{.more = true} / Udp{});
  EXPECT_EQ(layout.protocol, 17);
  EXPECT_EQ(layout.transport_offset, 48u);
  EXPECT_EQ(layout.fragment_offset, 0);
}

TEST(Layout, Ipv6LaterFragmentHasAProtocolUnlessAnExtensionFollows) {
  const Layout later =
      layout_of(Ip6{} / Fragment6{.offset = 5, .next_header = 17} / Raw{17, Bytes(8)});
  EXPECT_EQ(later.protocol, 17);
  EXPECT_EQ(later.fragment_offset, 5);
  const Layout hidden =
      layout_of(Ip6{} / Fragment6{.offset = 5, .next_header = 60} / Raw{60, Bytes(8)});
  EXPECT_EQ(hidden.protocol, std::nullopt);
}

TEST(Layout, Ipv6CutExtensionHeaderHidesTheProtocol) {
  const Bytes whole = build(Ip6{} / DestinationOptions{} / Tcp{});
  EXPECT_EQ(parse_layout(truncate(whole, 41))->protocol, std::nullopt);
  // Two bytes say what follows and how long it is; the kernel asks for no more.
  EXPECT_EQ(parse_layout(truncate(whole, 42))->protocol, 6);
  const Bytes routed = build(Ip6{} / Routing{} / Tcp{});
  EXPECT_EQ(parse_layout(truncate(routed, 43))->protocol, std::nullopt);
  EXPECT_EQ(parse_layout(truncate(routed, 44))->protocol, 6);
}

TEST(Layout, WithoutAWholeIpHeaderThereIsNone) {
  const Bytes packet = build(Ip4{} / Tcp{});
  EXPECT_FALSE(parse_layout({}));
  EXPECT_FALSE(parse_layout(std::span(packet).first(19)));
  EXPECT_TRUE(parse_layout(std::span(packet).first(20)));
  Bytes other = packet;
  other[0] = 0x55;
  EXPECT_FALSE(parse_layout(other));
}

}  // namespace
}  // namespace bulkhead::net
