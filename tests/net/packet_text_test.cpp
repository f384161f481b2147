// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/packet_text.h"

#include <gtest/gtest.h>

#include "net/packet.h"
#include "support/packet_builder.h"

namespace bulkhead::net {
namespace {

PacketText parsed(std::string_view text) {
  auto packet = parse_packet(text);
  EXPECT_TRUE(packet.ok()) << text << ": " << packet.error().message;
  return packet.ok() ? *packet : PacketText{};
}

std::string canonical(std::string_view text) { return to_string(parsed(text)); }

TEST(PacketText, PrintsOneCanonicalForm) {
  EXPECT_EQ(canonical("tcp 192.0.2.1:40000 > 192.0.2.2:22 new in eth0 flags syn"),
            "tcp 192.0.2.1:40000 > 192.0.2.2:22 new in eth0 flags syn");
  EXPECT_EQ(canonical("6 192.0.2.1->192.0.2.2:ssh in eth0"),
            "tcp 192.0.2.1:40000 > 192.0.2.2:22 new in eth0 flags syn");
  EXPECT_EQ(
      canonical("tcp 192.0.2.1:1>192.0.2.2:2 out eth1 established in eth0 mark 0x10 length 100"),
      "tcp 192.0.2.1:1 > 192.0.2.2:2 established in eth0 out eth1 flags ack length 100 mark 0x10");
  EXPECT_EQ(canonical("udp [2001:db8::1]:5 > 2001:DB8::2"),
            "udp [2001:db8::1]:5 > [2001:db8::2]:80 new");
  EXPECT_EQ(canonical("icmp 192.0.2.1 > 192.0.2.2 type port-unreachable related"),
            "icmp 192.0.2.1 > 192.0.2.2 related type 3/3");
  EXPECT_EQ(canonical("icmp6 2001:db8::1 > ff02::1 type 135"),
            "icmp6 2001:db8::1 > ff02::1 untracked type 135/0");
  EXPECT_EQ(canonical("gre 192.0.2.1 > 192.0.2.2 invalid"), "47 192.0.2.1 > 192.0.2.2 invalid");
  EXPECT_EQ(canonical("udp 192.0.2.1 > 192.0.2.2 fragment 185 untracked"),
            "udp 192.0.2.1:40000 > 192.0.2.2:80 untracked fragment 185");
  EXPECT_EQ(canonical("tcp 192.0.2.1 > 192.0.2.2 flags none"),
            "tcp 192.0.2.1:40000 > 192.0.2.2:80 invalid flags none");
}

TEST(PacketText, TheCanonicalFormIsReadAgain) {
  for (const char* text :
       {"tcp 192.0.2.1:1 > 192.0.2.2:2 established in a out b flags fin,ack length 99 mark 7",
        "udp 192.0.2.1 > 192.0.2.2 out a uid 0 gid 4294967295",
        "udp 192.0.2.1 > 192.0.2.2 in a ttl 1 dscp 46 mark 3 ctmark 4 mac 02:00:5e:10:00:fF "
        "broadcast",
        "sctp 192.0.2.1 > 192.0.2.2 chunk 3 multicast", "dccp 192.0.2.1 > 192.0.2.2 type 5",
        "icmp6 2001:db8::1 > 2001:db8::2 type 1/4", "50 2001:db8::1 > 2001:db8::2 out lo",
        "esp 192.0.2.1 > 192.0.2.2 data 0x000001FF00000001 length 40",
        "udp 2001:db8::1 > 2001:db8::2 fragment 3 header dst:001e0400000000 header hbh:00 data "
        "0x0a",
        "tcp 192.0.2.1 > 192.0.2.2 ecn 3 mss 1460 data GET/",
        "udp 192.0.2.1 > 192.0.2.2 data 0x00ff", "udp 192.0.2.1 > 192.0.2.2 data 0x3078413e",
        "udp 192.0.2.1 > 192.0.2.2 data 0x414243"}) {
    const std::string once = canonical(text);
    EXPECT_EQ(canonical(once), once);
  }
}

TEST(PacketText, TheInterfacesSayWhichWayItGoes) {
  EXPECT_EQ(parsed("udp 192.0.2.1 > 192.0.2.2").direction(), Direction::kInput);
  EXPECT_EQ(parsed("udp 192.0.2.1 > 192.0.2.2 in eth0").direction(), Direction::kInput);
  EXPECT_EQ(parsed("udp 192.0.2.1 > 192.0.2.2 out eth0").direction(), Direction::kOutput);
  EXPECT_EQ(parsed("udp 192.0.2.1 > 192.0.2.2 in eth0 out eth0").direction(), Direction::kForward);
}

struct Wrong {
  std::string_view text;
  std::string_view message;
  std::string_view at;  // the words under the caret
};

TEST(PacketText, SaysWhatIsWrongAndWhere) {
  const Wrong cases[] = {
      {"", "there is no packet here", ""},
      {"tpc 192.0.2.1 > 192.0.2.2", "\"tpc\" is not a protocol", "tpc"},
      {"tcp", "the source address is missing", ""},
      {"tcp 192.0.2.1", "behind the source comes '>' and the destination", ""},
      {"tcp 192.0.2.1 192.0.2.2", "behind the source comes '>' and the destination", "192.0.2.2"},
      {"tcp 192.0.2.1 >", "the destination address is missing", ""},
      {"tcp web > 192.0.2.2", "\"web\" is not an address", "web"},
      {"tcp 10.0.0.0/8 > 192.0.2.2", "\"10.0.0.0/8\" is not an address", "10.0.0.0/8"},
      {"tcp 192.0.2.1 > 2001:db8::1", "source and destination are of different families",
       "2001:db8::1"},
      {"tcp 192.0.2.1 > 192.0.2.2:99999", "\"99999\" is not a port or a service", "99999"},
      {"tcp 192.0.2.1 > 192.0.2.2:", "\"\" is not a port or a service", "192.0.2.2:"},
      {"tcp [2001:db8::1 > 2001:db8::2", "a ']' is missing", "[2001:db8::1"},
      {"icmp 192.0.2.1 > 192.0.2.2:22", "icmp has no ports", "22"},
      {"udp 192.0.2.1 > 192.0.2.2 flags syn", "only TCP has flags", "flags"},
      {"tcp 192.0.2.1 > 192.0.2.2 flags syn,foo", "\"foo\" is not a TCP flag", "syn,foo"},
      {"tcp 192.0.2.1 > 192.0.2.2 type 8", "only ICMP and DCCP have a type", "type"},
      {"dccp 192.0.2.1 > 192.0.2.2 type 16", "\"16\" is not a DCCP type", "16"},
      {"udp 192.0.2.1 > 192.0.2.2 chunk 1", "only SCTP has chunks", "chunk"},
      {"udp 192.0.2.1 > 192.0.2.2 dscp 64", "\"64\" is not a DSCP of at most 63", "64"},
      {"udp 192.0.2.1 > 192.0.2.2 ecn 4", "\"4\" is not an ECN codepoint of at most 3", "4"},
      {"udp 192.0.2.1 > 192.0.2.2 mss 5", "only TCP has a segment size", "mss"},
      {"udp 192.0.2.1 > 192.0.2.2 data 0x123",
       "behind 0x come hexadecimal digits, two a byte, at most 2048 bytes", "0x123"},
      {"udp 192.0.2.1 > 192.0.2.2 data 0x1g",
       "behind 0x come hexadecimal digits, two a byte, at most 2048 bytes", "0x1g"},
      {"udp 192.0.2.1 > 192.0.2.2 data abc length 30", "this packet has at least 31 bytes",
       "length"},
      {"udp 192.0.2.1 > 192.0.2.2 ttl 256", "\"256\" is not a time to live of at most 255", "256"},
      {"udp 192.0.2.1 > 192.0.2.2 mac 02-00-00-00-00-01",
       "\"02-00-00-00-00-01\" is not an Ethernet address", "02-00-00-00-00-01"},
      {"udp 192.0.2.1 > 192.0.2.2 mac 02:00:00:00:00:0g",
       "\"02:00:00:00:00:0g\" is not an Ethernet address", "02:00:00:00:00:0g"},
      {"icmp 192.0.2.1 > 192.0.2.2 type 8/256", "\"8/256\" is not an ICMP type", "8/256"},
      {"tcp 192.0.2.1 > 192.0.2.2 in", "\"in\" needs an interface behind it", "in"},
      {"tcp 192.0.2.1 > 192.0.2.2 in a in b", "\"in\" is given twice", "in"},
      {"tcp 192.0.2.1 > 192.0.2.2 in a234567890123456",
       "interface name \"a234567890123456\" is longer than 15 bytes", "a234567890123456"},
      {"tcp 192.0.2.1 > 192.0.2.2 new related", "a packet has one state", "related"},
      {"tcp 192.0.2.1 > 192.0.2.2 length 39", "this packet has at least 40 bytes", "length"},
      {"udp 192.0.2.1 > 192.0.2.2 header hbh:00", "only IPv6 has such a header", "hbh:00"},
      {"udp ::1 > ::2 header esp:00", "\"esp:00\" is not a header and its bytes", "esp:00"},
      {"udp ::1 > ::2 header dst", "\"dst\" is not a header and its bytes", "dst"},
      {"udp ::1 > ::2 header dst:0", "\"dst:0\" is not a header and its bytes", "dst:0"},
      {"udp ::1 > ::2 data 0x0g",
       "behind 0x come hexadecimal digits, two a byte, at most 2048 bytes", "0x0g"},
      {"tcp 192.0.2.1 > 192.0.2.2 length 41 data 0x0000", "this packet has at least 42 bytes",
       "length"},
      {"tcp 192.0.2.1 > 192.0.2.2 soon", "\"soon\" is not known here", "soon"},
  };
  for (const Wrong& each : cases) {
    const auto packet = parse_packet(each.text);
    ASSERT_FALSE(packet.ok()) << each.text;
    const Error& error = packet.error();
    EXPECT_EQ(error.message, each.message) << each.text;
    EXPECT_EQ(error.kind, ErrorKind::kUsage);
    ASSERT_FALSE(error.span.empty()) << each.text;
    const size_t begin = std::min<size_t>(error.span.begin, each.text.size());
    EXPECT_EQ(each.text.substr(begin, error.span.end - begin), each.at) << each.text;
  }
}

// Against a builder that shares no line with ours. It numbers its packets; ours have no number.
testing::Bytes drawn(const testing::Packet& packet) { return testing::build(packet); }

TEST(PacketBytes, AreThoseThatTheTestsBuilderDraws) {
  using testing::Ip4;
  using testing::Ip6;
  const Ip4 ip4{.saddr = "192.0.2.1", .daddr = "192.0.2.2", .id = 0};
  const Ip6 ip6{.saddr = "2001:db8::1", .daddr = "2001:db8::2", .flow_label = 0};
  EXPECT_EQ(parsed("tcp 192.0.2.1:1025 > 192.0.2.2:22").bytes(),
            drawn(ip4 / testing::Tcp{.sport = 1025, .dport = 22, .seq = 1, .window = 65535}));
  EXPECT_EQ(parsed("udp [2001:db8::1]:1025 > [2001:db8::2]:53").bytes(),
            drawn(ip6 / testing::Udp{.sport = 1025, .dport = 53}));
  EXPECT_EQ(parsed("icmp 192.0.2.1 > 192.0.2.2").bytes(), drawn(ip4 / testing::Icmp{.rest = 0}));
  EXPECT_EQ(parsed("icmp6 2001:db8::1 > 2001:db8::2 type 1/4").bytes(),
            drawn(ip6 / testing::Icmp6{.type = 1, .code = 4, .rest = 0}));
  EXPECT_EQ(
      parsed("udp 192.0.2.1:1 > 192.0.2.2:2 length 31").bytes(),
      drawn(ip4 / testing::Udp{.sport = 1, .dport = 2} / testing::Payload{std::string(3, '\0')}));
}

TEST(PacketBytes, HaveTheHeadersAndTheDataThatWereNamed) {
  using testing::Ip4;
  using testing::Ip6;
  const testing::Udp udp{.sport = 1, .dport = 2};
  EXPECT_EQ(parsed("udp [2001:db8::1]:1 > [2001:db8::2]:2 header hbh:001e0400000000 "
                   "header frag:00001100000007 data 0x616263")
                .bytes(),
            drawn(Ip6{.saddr = "2001:db8::1", .daddr = "2001:db8::2", .flow_label = 0} /
                  testing::HopByHop{.options = {30, 4, 0, 0, 0, 0}} /
                  testing::Fragment6{.offset = 2, .more = true, .id = 7} / udp /
                  testing::Payload{"abc"}));
  EXPECT_EQ(parsed("udp 192.0.2.1:1 > 192.0.2.2:2 header ah:0100000000010000000001").bytes(),
            drawn(Ip4{.saddr = "192.0.2.1", .daddr = "192.0.2.2", .id = 0} /
                  testing::Authentication{.spi = 256, .data = {}} / udp));
  EXPECT_EQ(parsed("esp 192.0.2.1 > 192.0.2.2 data 0x0000010000000001").bytes(),
            drawn(Ip4{.saddr = "192.0.2.1", .daddr = "192.0.2.2", .id = 0} /
                  testing::Raw{.protocol = 50, .bytes = {0, 0, 1, 0, 0, 0, 0, 1}}));
}

TEST(PacketBytes, HaveTheOptionAndTheDataThatWereNamed) {
  using testing::Ip4;
  const Ip4 ip4{.saddr = "192.0.2.1", .daddr = "192.0.2.2", .id = 0};
  EXPECT_EQ(
      parsed("tcp 192.0.2.1:1 > 192.0.2.2:2 mss 1460 data hello").bytes(),
      drawn(ip4 /
            testing::Tcp{
                .sport = 1, .dport = 2, .seq = 1, .window = 65535, .options = {2, 4, 5, 180}} /
            testing::Payload{"hello"}));
  EXPECT_EQ(parsed("udp 192.0.2.1:1 > 192.0.2.2:2 data 0x00ff length 31").bytes(),
            drawn(ip4 / testing::Udp{.sport = 1, .dport = 2} /
                  testing::Payload{std::string("\0\xff\0", 3)}));
}

TEST(PacketBytes, HaveTheFieldsOfTheIpHeaderThatWereNamed) {
  using testing::Ip4;
  using testing::Ip6;
  EXPECT_EQ(
      parsed("udp 192.0.2.1:1 > 192.0.2.2:2 ttl 7 dscp 46").bytes(),
      drawn(Ip4{.saddr = "192.0.2.1", .daddr = "192.0.2.2", .id = 0, .tos = 46 << 2, .ttl = 7} /
            testing::Udp{.sport = 1, .dport = 2}));
  EXPECT_EQ(parsed("udp 192.0.2.1:1 > 192.0.2.2:2 dscp 1 ecn 3").bytes(),
            drawn(Ip4{.saddr = "192.0.2.1", .daddr = "192.0.2.2", .id = 0, .tos = 7} /
                  testing::Udp{.sport = 1, .dport = 2}));
  EXPECT_EQ(parsed("udp [2001:db8::1]:1 > [2001:db8::2]:2 ttl 7 dscp 46").bytes(),
            drawn(Ip6{.saddr = "2001:db8::1",
                      .daddr = "2001:db8::2",
                      .flow_label = 0,
                      .traffic_class = 46 << 2,
                      .hop_limit = 7} /
                  testing::Udp{.sport = 1, .dport = 2}));
}

TEST(PacketText, SaysWhatTheLinkSaw) {
  const PacketText packet =
      parsed("udp 192.0.2.1 > 192.0.2.255 in eth0 mac 02:00:5e:10:00:fF broadcast");
  EXPECT_EQ(packet.source_mac, 0x02005e1000ffu);
  EXPECT_EQ(packet.cast, LinkCast::kBroadcast);
  EXPECT_EQ(to_string(packet),
            "udp 192.0.2.1:40000 > 192.0.2.255:80 new in eth0 mac 02:00:5e:10:00:ff broadcast");
}

TEST(PacketBytes, ALaterFragmentHasNoTransportHeader) {
  const auto v4 = parsed("tcp 192.0.2.1 > 192.0.2.2 fragment 3").bytes();
  EXPECT_EQ(v4.size(), 20u);
  EXPECT_EQ(parse_layout(v4)->fragment_offset, 3);
  const auto v6 = parsed("tcp 2001:db8::1 > 2001:db8::2 fragment 3").bytes();
  EXPECT_EQ(v6.size(), 48u);
  EXPECT_EQ(parse_layout(v6)->fragment_offset, 3);
}

TEST(Reply, TurnsEverythingRound) {
  EXPECT_EQ(to_string(reply_to(parsed("tcp 192.0.2.1:40000 > 192.0.2.2:22 in eth0"))),
            "tcp 192.0.2.2:22 > 192.0.2.1:40000 established out eth0 flags syn,ack");
  EXPECT_EQ(to_string(reply_to(parsed("icmp 192.0.2.1 > 192.0.2.2 in a out b"))),
            "icmp 192.0.2.2 > 192.0.2.1 established in b out a type 0/0");
  EXPECT_EQ(to_string(reply_to(parsed("tcp 192.0.2.1:1 > 192.0.2.2:2 flags fin,ack out a"))),
            "tcp 192.0.2.2:2 > 192.0.2.1:1 established in a flags ack");
}

TEST(PacketText, WithoutAStateItIsThatOfAPacketOfNoKnownConnection) {
  const auto state = [](const std::string& words) { return parse_packet(words)->state; };
  const std::string tcp = "tcp 192.0.2.1 > 192.0.2.2 flags ", icmp = "icmp 192.0.2.1 > 192.0.2.2 ";
  for (const char* flags : {"syn", "ack", "psh,ack", "syn,ece,cwr"})
    EXPECT_EQ(state(tcp + flags), PacketState::kNew) << flags;
  for (const char* flags : {"syn,ack", "rst", "rst,ack", "syn,fin", "fin,ack", "none"})
    EXPECT_EQ(state(tcp + flags), PacketState::kInvalid) << flags;
  EXPECT_EQ(state(icmp + "type echo-request"), PacketState::kNew);
  EXPECT_EQ(state(icmp + "type timestamp-request"), PacketState::kNew);
  for (const char* type : {"echo-reply", "3", "redirect"})
    EXPECT_EQ(state(icmp + "type " + type), PacketState::kInvalid) << type;
  const std::string icmp6 = "icmp6 2001:db8::1 > 2001:db8::2 type ";
  EXPECT_EQ(state(icmp6 + "128"), PacketState::kNew);
  EXPECT_EQ(state(icmp6 + "135"), PacketState::kUntracked);
  for (const char* type : {"2", "129", "137"})
    EXPECT_EQ(state(icmp6 + type), PacketState::kInvalid) << type;
  EXPECT_EQ(state("udp 192.0.2.1 > 192.0.2.2"), PacketState::kNew);
  EXPECT_EQ(state(tcp + "rst new"), PacketState::kNew) << "what is said stands";
}

}  // namespace
}  // namespace bulkhead::net
