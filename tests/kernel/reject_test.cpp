// SPDX-License-Identifier: GPL-2.0-or-later
// What REJECT sends back, kind by kind, byte by byte: from our rules the same as from
// iptables-legacy's.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

struct Kind {
  std::string with;              // as typed: names, aliases and beginnings of them
  std::optional<Rejection> udp;  // what the sender of a UDP packet is told; nothing: -p tcp
};

constexpr uint8_t kUnreachable = 3;
constexpr uint8_t kUnreachable6 = 1;
Kind code(std::string with, uint8_t number) {
  return {std::move(with), icmp_error(kUnreachable, number)};
}
Kind code6(std::string with, uint8_t number) {
  return {std::move(with), icmp6_error(kUnreachable6, number)};
}

// RFC 792, 1122, 1812.
const std::vector<Kind> kKinds = {
    code("icmp-net-unreachable", 0),  code("host-unreach", 1),     code("PROTO-unreach", 2),
    code("icmp-port-unreachable", 3), code("net-prohib", 9),       code("icmp-host-pro", 10),
    code("admin-prohib", 13),         {"tcp-reset", std::nullopt},
};
// RFC 4443.
const std::vector<Kind> kKinds6 = {
    code6("icmp6-no-route", 0),  code6("adm-prohibited", 1), code6("addr-unreach", 3),
    code6("port-unreach", 4),    code6("policy-f", 5),       code6("icmp6-reject-route", 6),
    {"tcp-reset", std::nullopt},
};

struct Sent {
  std::string what;
  Packet rest;  // behind the IP header
};

std::vector<Sent> packets(bool v6) {
  const Payload data{"some data of the packet"};
  std::vector<Sent> sent = {
      {"SYN", Tcp{.seq = 4'000'000'000} / Payload{}},
      {"SYN with data", Tcp{.seq = 0xfffffff0} / data},
      {"ACK", Tcp{.flags = "A", .seq = 77, .ack = 88} / data},
      {"SYN ACK", Tcp{.flags = "SA", .seq = 77, .ack = 88} / Payload{}},
      {"FIN", Tcp{.flags = "F", .seq = 77} / Payload{}},
      {"no flags", Tcp{.flags = "", .seq = 77} / data},
      {"RST", Tcp{.flags = "R", .seq = 77} / Payload{}},
      {"RST ACK", Tcp{.flags = "RA", .seq = 77, .ack = 88} / Payload{}},
      {"options", Tcp{.options = {2, 4, 5, 0xb4}} / data},
      {"a wrong TCP checksum", Tcp{.checksum = 0x1234} / data},
      {"UDP", Udp{} / data},
      {"UDP, long", Udp{} / Payload{std::string(1300, 'x')}},
      {"a wrong UDP checksum", Udp{.checksum = 0x1234} / data},
      {"an unknown protocol", Packet{Raw{.protocol = 253, .bytes = {1, 2, 3, 4, 5, 6, 7, 8}}}},
  };
  if (v6) {
    sent.push_back({"an echo request", Icmp6{} / data});
    sent.push_back({"an ICMPv6 error",
                    Icmp6{.type = 1, .code = 4, .rest = 0} / Payload{std::string(48, '`')}});
    sent.push_back({"TCP behind options", DestinationOptions{} / Tcp{} / data});
  } else {
    sent.push_back({"an echo request", Icmp{} / data});
    sent.push_back(
        {"an ICMP error", Icmp{.type = 3, .code = 1, .rest = 0} / Payload{std::string(28, 'E')}});
  }
  return sent;
}

enum class Way { kInput, kForward, kOutput };
constexpr std::pair<Way, std::string_view> kWays[] = {
    {Way::kInput, "INPUT"}, {Way::kForward, "FORWARD"}, {Way::kOutput, "OUTPUT"}};

// The host sends to another network than it refuses to: its refusals must get out.
Bytes packet_on(Way way, bool v6, const Packet& rest) {
  if (way == Way::kInput) return v6 ? to_host6(rest) : to_host(rest);
  if (way == Way::kForward) return v6 ? through6(rest) : through(rest);
  return build((v6 ? Packet{Ip6{.saddr = kHost6, .daddr = kBehind6}}
                   : Packet{Ip4{.saddr = kHost, .daddr = kBehind}}) /
               rest);
}

// What came back, without what no two hosts have in common: IPv4's identification and the checksum
// over it, and the flow label.
Bytes comparable(Bytes packet) {
  const bool v4 = packet[0] >> 4 == 4;
  for (const size_t at : v4 ? std::vector<size_t>{4, 5, 10, 11} : std::vector<size_t>{1, 2, 3})
    packet[at] = 0;
  return packet;
}

std::string hex(const Bytes& bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

// The refusals alone, in the order in which they left.
std::string told(const Outcome& outcome, const Bytes& sent) {
  std::string text = testing::text(outcome.verdict);
  for (const Emitted& emitted : outcome.emitted) {
    if (!same_packet(sent, emitted.packet) && parse_rejection(emitted.packet))
      text += fmt::format(" {}:{}", emitted.interface, hex(comparable(emitted.packet)));
  }
  return text;
}

class RejectKinds : public TwoFirewalls {
 protected:
  void restore(const Kind& kind, bool v6) {
    const std::string tcp = kind.udp ? "" : "-p tcp ";
    const std::string rule = tcp + "-j REJECT --reject-with " + kind.with + "\n";
    for (const auto& firewall : both_) {
      firewall->tables(v6).must_restore(
          filter("-A INPUT -i eth0 " + rule + "-A FORWARD " + rule + "-A OUTPUT -o eth1 " + rule));
    }
  }
  // The same packet to both; gives what ours did.
  Outcome check(Way way, const Bytes& packet, const std::string& what) {
    std::vector<Outcome> outcomes;
    for (const auto& firewall : both_) {
      firewall->rig.flush_conntrack();
      outcomes.push_back(way == Way::kOutput ? firewall->rig.send(packet)
                                             : firewall->rig.inject("eth0", packet));
    }
    EXPECT_EQ(told(outcomes[0], packet), told(outcomes[1], packet)) << what;
    return outcomes[0];
  }
  void check_kind(const Kind& kind, bool v6) {
    restore(kind, v6);
    for (const Sent& sent : packets(v6)) {
      for (const auto& [way, chain] : kWays) {
        const std::string what = fmt::format("{} {}: {}", chain, kind.with, sent.what);
        const Outcome outcome = check(way, packet_on(way, v6, sent.rest), what);
        rejected_ += outcome.rejection ? 1 : 0;
        if (sent.what == "UDP") {
          EXPECT_EQ(outcome.rejection, kind.udp) << chain << ' ' << kind.with;
        } else if (sent.what == "SYN" && !kind.udp) {
          EXPECT_EQ(outcome.rejection, v6 ? kTcpReset6 : kTcpReset4) << chain;
        }
      }
    }
  }

  size_t rejected_ = 0;
};

TEST_F(RejectKinds, OfIpv4SendWhatLegacySends) {
  for (const Kind& kind : kKinds) check_kind(kind, false);
  EXPECT_GT(rejected_, 200u);
}

TEST_F(RejectKinds, OfIpv6SendWhatLegacySends) {
  for (const Kind& kind : kKinds6) check_kind(kind, true);
  EXPECT_GT(rejected_, 200u);
}

// Untracked, they come one by one. A first one is answered unless its protocol has a checksum,
// which can't be right there (nf_reject_verify_csum of the kernel); a later one never is.
TEST_F(RejectKinds, OfFragments) {
  constexpr uint8_t kEsp = 50;
  const Sent cases[] = {
      {"TCP", Tcp{} / Payload{std::string(64, 'x')}},
      {"ESP", Packet{Raw{.protocol = kEsp, .bytes = Bytes(100)}}},
  };
  for (const bool v6 : {false, true}) {
    std::string answered;
    for (const Kind& kind : {code("port-unreach", 3), Kind{"tcp-reset", std::nullopt}}) {
      restore(kind, v6);
      for (const Sent& sent : cases) {
        const Bytes whole = build((v6 ? Packet{Ip6{.saddr = kUntracked6, .daddr = kBehind6}}
                                      : Packet{Ip4{.saddr = kUntracked, .daddr = kBehind}}) /
                                  sent.rest);
        const std::vector<Bytes> parts = fragment(whole, 40);
        ASSERT_GE(parts.size(), 2u);
        for (size_t i = 0; i < parts.size(); ++i) {
          const std::string what = fmt::format("{} to {}/{}", kind.with, sent.what, i);
          if (check(Way::kForward, parts[i], what).rejection) answered += what;
        }
      }
    }
    EXPECT_EQ(answered, "port-unreach to ESP/0") << (v6 ? "IPv6" : "IPv4");
  }
}

// Neither a broadcast nor a multicast may be answered (RFC 1122).
TEST_F(RejectKinds, OfWhatGoesToMany) {
  restore(kKinds[3], false);
  for (const char* destination : {"192.0.2.255", "255.255.255.255", "224.0.0.1"}) {
    const Outcome outcome =
        check(Way::kInput, build(Ip4{.saddr = kPeer, .daddr = destination} / Udp{}), destination);
    EXPECT_FALSE(outcome.rejection) << destination;
  }
}

}  // namespace
}  // namespace bulkhead::testing
