// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/packet_read.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "net/packet.h"
#include "net/packet_text.h"
#include "support/packet_builder.h"

namespace bulkhead::net {
namespace {

using namespace bulkhead::testing;

// What a trace hands out: at most 40 and 20 bytes.
std::optional<PacketFields> read(const Bytes& packet) {
  const std::span<const uint8_t> all(packet);
  const auto layout = parse_layout(all);
  if (!layout) return std::nullopt;
  const size_t transport = std::min<size_t>(layout->transport_offset, all.size());
  return read_packet(all.first(std::min<size_t>(transport, 40)),
                     all.subspan(transport, std::min<size_t>(all.size() - transport, 20)));
}

std::string words(const Bytes& packet) {
  const auto fields = read(packet);
  return fields ? to_string(PacketText{.fields = *fields}) : "nothing";
}

TEST(ReadPacket, GivesTheWordsThatThePacketIsBuiltOf) {
  for (const char* const text : {
           "tcp 192.0.2.9:40000 > 192.0.2.1:22 new flags syn length 60",
           "tcp [2001:db8::9]:40000 > [2001:db8::1]:22 new flags fin,psh,ack length 70 ttl 9",
           "udp 192.0.2.9:1 > 192.0.2.1:65535 new length 28 ttl 1 dscp 46",
           "udp [2001:db8::9]:1 > [2001:db8::1]:53 new length 48 dscp 63",
           "icmp 192.0.2.9 > 192.0.2.1 new type 3/1 length 28",
           "icmp6 2001:db8::9 > 2001:db8::1 new type 128/0 length 48",
           "sctp 192.0.2.9:1 > 192.0.2.1:2 new length 36 chunk 3",
           "33 192.0.2.9:1 > 192.0.2.1:2 new length 32 type 4",
           "253 192.0.2.9 > 192.0.2.1 new length 20",
           "udp 192.0.2.9:0 > 192.0.2.1:0 new length 36 fragment 185",
       }) {
    const auto packet = parse_packet(text);
    ASSERT_TRUE(packet.ok()) << text;
    EXPECT_EQ(words(packet->bytes()), text);
  }
}

TEST(ReadPacket, OptionsOfIpv4AreNoPorts) {
  EXPECT_EQ(words(build(Ip4{.saddr = "192.0.2.9", .daddr = "192.0.2.1", .options = {1, 1, 1, 1}} /
                        Udp{.sport = 7, .dport = 8})),
            "udp 192.0.2.9:7 > 192.0.2.1:8 new length 32");
}

TEST(ReadPacket, WhatIsCutOffIsZero) {
  const Bytes whole = build(Ip4{.saddr = "192.0.2.9", .daddr = "192.0.2.1"} / Tcp{.dport = 22});
  EXPECT_EQ(words(truncate(whole, 23)), "tcp 192.0.2.9:0 > 192.0.2.1:0 new flags none length 23");
  EXPECT_EQ(words(truncate(whole, 24)),
            "tcp 192.0.2.9:40000 > 192.0.2.1:22 new flags none length 24");
}

TEST(ReadPacket, NoIpHeaderNoPacket) {
  EXPECT_FALSE(read_packet({}, {}));
  const Bytes whole = build(Ip4{} / Tcp{});
  EXPECT_FALSE(read_packet(std::span(whole).first(19), {}));
  EXPECT_TRUE(read_packet(std::span(whole).first(20), {}));
}

}  // namespace
}  // namespace bulkhead::net
