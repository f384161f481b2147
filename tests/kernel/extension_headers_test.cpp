// SPDX-License-Identifier: GPL-2.0-or-later
// What is cut off, makes no sense or stands somewhere else in packets of IPsec and in IPv6's
// extension headers. The same fate and the same counts from iptables-legacy and ours.
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

constexpr uint8_t kUdp = 17, kRouting = 43, kFragment = 44, kEsp = 50, kAuthentication = 51,
                  kNoNextHeader = 59, kDestination = 60, kIpcomp = 108, kMobility = 135;

// Untracked, so that nobody puts fragments together.
Bytes to_host_untracked(const Packet& rest) {
  return build(Packet{Ip4{.saddr = kUntracked, .daddr = kHost}} / rest);
}
Bytes to_host6_untracked(const Packet& rest) {
  return build(Packet{Ip6{.saddr = kUntracked6, .daddr = kHost6}} / rest);
}
Packet raw(uint8_t protocol, Bytes bytes) {
  return {Raw{.protocol = protocol, .bytes = std::move(bytes)}};
}
Bytes first(Bytes bytes, size_t size) {
  bytes.resize(size);
  return bytes;
}
Bytes operator+(Bytes bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
  return bytes;
}

const Bytes kSpi256 = {0, 0, 1, 0, 0, 0, 0, 1};  // and the sequence number
const Bytes kIndex18 = {4, 0, 0, 18};
const Bytes kAh = Bytes{kUdp, 1, 0, 0} + kSpi256;
const Bytes kUdpHeader = {0x9c, 0x40, 0, 53, 0, 8, 0, 0};

std::vector<Bytes> packets4() {
  const auto later = [](uint8_t protocol) {
    return build(Ip4{.saddr = kUntracked, .daddr = kBehind, .fragment_offset = 2} /
                 Raw{.protocol = protocol, .bytes = Bytes(16)});
  };
  std::vector<Bytes> packets;
  for (const auto& [protocol, header] :
       {std::pair{kEsp, kSpi256}, std::pair{kAuthentication, kAh}, std::pair{kIpcomp, kIndex18}}) {
    packets.push_back(to_host_untracked(raw(protocol, header)));
    packets.push_back(to_host_untracked(raw(protocol, header + kUdpHeader)));
    packets.push_back(to_host_untracked(raw(protocol, first(header, header.size() - 1))));
    packets.push_back(to_host_untracked(raw(protocol, {})));
    packets.push_back(later(protocol));
  }
  packets.push_back(to_host_untracked({Udp{}}));
  return packets;
}

Bytes segments(uint8_t type, uint8_t left, uint8_t last, size_t addresses, uint8_t length) {
  Bytes header = {kUdp, length, type, left, last, 0, 1, 0};
  for (size_t i = 0; i < addresses; ++i)
    header = header + address_bytes(fmt::format("2001:db8::{}", i + 1));
  return header;
}

std::vector<Bytes> packets6() {
  const auto to = [](const Packet& rest) { return to_host6_untracked(rest); };
  const auto fragment = [&](uint16_t offset, uint8_t protocol, const Bytes& bytes) {
    return to(Fragment6{.offset = offset, .more = true, .id = 7} /
              Raw{.protocol = protocol, .bytes = bytes});
  };
  const Bytes mobile = {kNoNextHeader, 0, 5, 0, 0, 0};
  const Bytes option = {kUdp, 0, 30, 4, 0, 0, 0, 0};
  std::vector<Bytes> packets = {
      to(raw(kEsp, kSpi256)),
      to(raw(kEsp, first(kSpi256, 7))),
      fragment(0, kEsp, kSpi256),
      fragment(2, kEsp, kSpi256),
      to(raw(kIpcomp, kIndex18)),
      to(raw(kIpcomp, first(kIndex18, 3))),
      fragment(2, kIpcomp, Bytes(8)),
      to(raw(kMobility, mobile)),
      to(raw(kMobility, first(mobile, 5))),
      to(raw(kMobility, Bytes{kUdp, 0, 5, 0, 0, 0} + kUdpHeader)),
      fragment(0, kMobility, mobile + Bytes(2)),
      fragment(2, kMobility, mobile + Bytes(2)),
      to(raw(kAuthentication, kAh + kUdpHeader)),
      to(raw(kAuthentication, Bytes{kUdp, 4, 0, 1} + kSpi256 + Bytes(12) + kUdpHeader)),
      to(raw(kAuthentication, first(kAh, 11))),
      to(raw(kAuthentication, first(kAh, 1))),
      to(raw(kAuthentication, Bytes{kUdp, 200, 0, 1} + kSpi256)),  // longer than the packet
      to(DestinationOptions{} / Raw{.protocol = kAuthentication, .bytes = kAh + kUdpHeader}),
      to(raw(kDestination, option + kUdpHeader)),
      to(raw(kDestination, first(option, 1))),
      to(raw(kDestination, Bytes{kUdp, 3, 30, 4, 0, 0, 0, 0})),
      to(raw(kDestination, Bytes{kUdp, 0, 30, 200, 0, 0, 0, 0} + kUdpHeader)),
      to(HopByHop{.options = {30, 4, 0, 0, 0, 0}} / Udp{}),
      to(HopByHop{} / DestinationOptions{.options = {30, 4, 0, 0, 0, 0}} / Udp{}),
      to(raw(kFragment, {kUdp, 0, 0, 1, 0, 0, 0})),
      to(raw(kFragment, {kUdp, 0, 0, 1})),
      to(raw(kFragment, Bytes{kUdp, 0, 0, 0, 0, 0, 0, 7} + kUdpHeader)),
      to(raw(kFragment, Bytes{kUdp, 1, 0, 0, 0, 0, 0, 7} + kUdpHeader)),
      to(raw(kFragment, Bytes{kUdp, 0, 0, 6, 0, 0, 0, 7} + kUdpHeader)),
      to(raw(kNoNextHeader, {})),
      to({Udp{}}),
  };
  for (const uint8_t type : {0, 2, 4}) {
    for (const Bytes& routing : {segments(type, 1, 1, 2, 4), segments(type, 0, 0, 1, 2),
                                 segments(type, 2, 1, 2, 4), segments(type, 0, 2, 3, 6)})
      packets.push_back(to(raw(kRouting, routing + kUdpHeader)));
    packets.push_back(to(raw(kRouting, segments(type, 1, 1, 2, 40))));
    packets.push_back(to(raw(kRouting, first(segments(type, 1, 1, 2, 4), 20))));
    packets.push_back(to(raw(kRouting, first(segments(type, 1, 1, 2, 4), 3))));
  }
  Bytes reserved = segments(0, 1, 1, 2, 4) + kUdpHeader;
  reserved[4] = reserved[6] = 0;
  packets.push_back(to(raw(kRouting, reserved)));
  return packets;
}

struct Rule {
  std::string text;
  bool ever = true;  // some packet satisfies it
};

const std::vector<Rule> kRules4 = {
    {"-p esp -m esp"},
    {"-p esp -m esp --espspi 256"},
    {"-p esp -m esp ! --espspi 1:255"},
    {"-p esp -m esp --espspi 300:200", false},
    {"-p esp -m esp ! --espspi 300:200"},
    {"-p esp -m limit --limit 1000/s --limit-burst 1000 -m esp ! --espspi 1"},
    {"-p ah -m ah"},
    {"-p ah -m ah --ahspi 256:"},
    {"-p ah -m ah ! --ahspi 256", false},
    {"-p ah -m limit --limit 1000/s --limit-burst 1000 -m ah ! --ahspi 1"},
    {"-p ipcomp -m ipcomp", false},
    {"-p ipcomp -m ipcomp --ipcompspi 18 --compres"},
    {"-p ipcomp -m ipcomp ! --ipcompspi 18", false},
    {"-p ipcomp -m ipcomp ! --ipcompspi 65536:"},
    {"-p ipcomp -m limit --limit 1000/s --limit-burst 1000 -m ipcomp ! --ipcompspi 1"},
};

const std::vector<Rule> kRules6 = {
    {"-p esp -m esp"},
    {"-p esp -m esp ! --espspi 0:255"},
    {"-p ipcomp -m ipcomp --ipcompspi 1:99"},
    {"-p mh -m mh"},
    {"-p mh -m mh --mh-type bu"},
    {"-p mh -m mh ! --mh-type bu", false},
    {"-m ah"},
    {"-m ah --ahspi 256 --ahlen 12 --ahres"},
    {"-m ah ! --ahspi 256", false},
    {"-m ah ! --ahlen 12"},
    {"-m ah ! --ahlen 0"},
    {"-m frag"},
    {"-m frag --fragid 7 --fragfirst --fragmore"},
    {"-m frag --fragid 7 --fragres --fraglast"},
    {"-m frag ! --fragid 7", false},
    {"-m frag ! --fraglen 8"},
    {"-m hbh"},
    {"-m hbh --hbh-len 8 --hbh-opts 30:4"},
    {"-m hbh --hbh-opts 1:4"},
    {"-m dst"},
    {"-m dst ! --dst-len 8", false},
    {"-m dst --dst-opts 30"},
    {"-m dst --dst-opts 30:200"},
    {"-m dst --dst-opts 30:4,0", false},
    {"-m rt"},
    {"-m rt ! --rt-type 0 --rt-segsleft 1:"},
    {"-m rt --rt-type 0 --rt-0-res"},
    {"-m rt --rt-type 0 --rt-0-addrs 2001:db8::1"},
    {"-m rt --rt-type 0 --rt-0-addrs 2001:db8::1,2001:db8::2"},
    {"-m rt --rt-type 0 --rt-0-addrs 2001:db8::2", false},
    {"-m rt --rt-type 0 --rt-0-addrs 2001:db8::2 --rt-0-not-strict"},
    {"-m rt --rt-type 0 --rt-0-addrs 2001:db8::1,2001:db8::3 --rt-0-not-strict"},
    {"-m rt --rt-type 0 --rt-0-addrs 2001:db8::2,2001:db8::1 --rt-0-not-strict", false},
    {"-m srh"},
    {"-m srh --srh-segs-left-eq 1 --srh-tag 1"},
    {"-m srh ! --srh-hdr-len-eq 4"},
    {"-m srh --srh-psid 2001:db8::2"},
    {"-m srh ! --srh-psid 2001:db8::9"},
    {"-m srh --srh-nsid 2001:db8::/64 --srh-lsid 2001:db8::1"},
    {"-m ipv6header --header frag --soft"},
    {"-m ipv6header ! --header frag,route,dst --soft"},
    {"-m ipv6header --header none"},
    {"-m ipv6header --header esp"},
    {"-m ipv6header --header auth,prot"},
    {"-m ipv6header ! --header protocol"},
    {"-m eui64", false},
};

class ExtensionHeaders : public TwoFirewalls {
 protected:
  // What became of each packet, and how many of how many bytes the rule counted.
  struct Answer {
    std::vector<std::string> fates;
    RuleCounter counted;
  };

  static Answer answer(Firewall& firewall, bool v6, const std::string& rule,
                       const std::vector<Bytes>& packets) {
    const Xtables& tables = firewall.tables(v6);
    tables.must_restore(
        filter(":all - [0:0]\n-A INPUT -j all\n-A FORWARD -j all\n-A all " + rule + "\n"));
    std::vector<Step> steps;
    for (const Bytes& packet : packets) steps.push_back({.interface = "eth0", .packet = packet});
    Answer answer;
    for (const Outcome& outcome : firewall.rig.run(steps)) answer.fates.push_back(text(outcome));
    for (const RuleCounter& each : tables.counters()) {
      if (each.rule.starts_with("-A all ")) answer.counted = each;
    }
    return answer;
  }

  void compare(bool v6, const std::vector<Rule>& rules, const std::vector<Bytes>& packets) {
    bool dropped = false;
    for (const Rule& rule : rules) {
      SCOPED_TRACE(rule.text);
      const Answer expected = answer(legacy(), v6, rule.text, packets);
      const Answer got = answer(ours(), v6, rule.text, packets);
      for (size_t i = 0; i < packets.size(); ++i) {
        EXPECT_EQ(got.fates[i], expected.fates[i])
            << fmt::format("packet {}: {:02x}", i, fmt::join(packets[i], ""));
        dropped |= expected.fates[i] == "dropped";
      }
      EXPECT_EQ(got.counted.packets, expected.counted.packets);
      EXPECT_EQ(got.counted.bytes, expected.counted.bytes);
      EXPECT_EQ(expected.counted.packets > 0, rule.ever);
      EXPECT_LT(expected.counted.packets, packets.size());
    }
    EXPECT_TRUE(dropped) << "nothing is cut off";
  }
};

TEST_F(ExtensionHeaders, OfIpsecInIpv4AreReadAsLegacyReadsThem) {
  compare(false, kRules4, packets4());
}

TEST_F(ExtensionHeaders, OfIpv6AreReadAsLegacyReadsThem) { compare(true, kRules6, packets6()); }

}  // namespace
}  // namespace bulkhead::testing
