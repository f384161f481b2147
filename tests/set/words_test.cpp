// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "set/model_of_text.h"

namespace bulkhead::set {
namespace {

using testing::ModelOfText;

struct Said {
  std::string_view rule;
  std::string_view words;
};

class Words : public ::testing::TestWithParam<Said> {};

TEST_P(Words, OfARule) {
  ModelOfText it("-A FORWARD " + std::string(GetParam().rule));
  EXPECT_EQ(it.words(it.holds("FORWARD", 0), it.model.at_hook(ir::Hook::kForward)),
            std::string(GetParam().words) + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    All, Words,
    ::testing::Values(
        Said{"-j DROP", "everything"},
        Said{"-p tcp --dport 22 -s 10.0.0.0/8 -m state --state NEW",
             "tcp to port 22 from 10.0.0.0/8, new"},
        Said{"-p udp -d 192.0.2.1 --dport 53 --sport 1024:65535",
             "udp to 192.0.2.1 port 53 from port 1024-65535"},
        Said{"! -s 192.0.2.0/24", "from any except 192.0.2.0/24"},
        Said{"-m iprange --src-range 10.0.0.1-10.255.255.255", "from 10.0.0.0/8 except 10.0.0.0"},
        Said{"-m iprange --dst-range 192.0.2.1-192.0.2.6", "to 192.0.2.1-192.0.2.6"},
        Said{"-p icmp --icmp-type echo-request", "icmp type 8"},
        Said{"-p icmp --icmp-type 3/4", "icmp type 3/4"},
        Said{"-i eth0 ! -o wlan+", "anything, in eth0, out not wlan+"},
        Said{"-m conntrack ! --ctstate INVALID", "anything, not invalid"},
        Said{"-p tcp --syn", "tcp, no ack, no rst, syn, no fin"}, Said{"-p 47", "protocol 47"},
        Said{"-p tcp -m tcp ! --tcp-flags SYN,RST SYN",
             "tcp, of the flags rst, syn, fin not just syn or syn+fin"},
        Said{"! -p udp", "not udp"}, Said{"-f", "anything, a later fragment"},
        Said{"-m mark --mark 5", "anything, mark 5"},
        Said{"-m mark --mark 3/7", "anything, mark 0x3/0x7"},
        Said{"-m mark ! --mark 3/7", "anything, mark not 0x3/0x7"},
        Said{"-s 0.0.0.3/0.0.0.3", "anything, source address 0.0.0.3/0.0.0.3"},
        Said{"-m mac --mac-source 02:00:5e:10:00:01", "anything, mac 02:00:5e:10:00:01"}));

TEST(Words, OverlappingProductsAreNotCutUp) {
  ModelOfText it("-A INPUT -s 10.0.0.0/8\n-A INPUT -p tcp --dport 80");
  const Node both = it.model.arena().unite(it.holds("INPUT", 0), it.holds("INPUT", 1));
  const std::string words = it.words(both, it.model.of_shapes({Shape::kWhole}));
  EXPECT_TRUE(words == "from 10.0.0.0/8\ntcp to port 80\n" ||
              words == "tcp to port 80\nfrom 10.0.0.0/8\n")
      << words;
}

TEST(Words, OfInterfacesByTheirStem) {
  ModelOfText it("-A INPUT -i eth+\n-A INPUT -i eth0\n-A INPUT -i wlan0\n-A INPUT -i eth1");
  Arena& arena = it.model.arena();
  const Node eth = it.holds("INPUT", 0);
  const Node eth0 = it.holds("INPUT", 1);
  const Node input = it.model.at_hook(ir::Hook::kInput);
  EXPECT_EQ(it.words(arena.subtract(eth, eth0), input), "anything, in eth+ but eth0\n");
  EXPECT_EQ(it.words(arena.subtract(eth, arena.unite(eth0, it.holds("INPUT", 3))), input),
            "anything, in eth+ but eth0 and eth1\n");
  const Node two = arena.unite(eth0, it.holds("INPUT", 2));
  EXPECT_EQ(it.words(two, input), "anything, in eth0, wlan0\n");
  EXPECT_EQ(it.words(arena.subtract(input, two), input), "anything, in none of eth0, wlan0\n");
}

TEST(Words, OfIpv6) {
  ModelOfText it("-A FORWARD -s 2001:db8::/32 -p icmpv6 --icmpv6-type 128", net::Family::kIpv6);
  EXPECT_EQ(it.words(it.holds("FORWARD", 0)), "ipv6-icmp type 128 from 2001:db8::/32\n");
}

}  // namespace
}  // namespace bulkhead::set
