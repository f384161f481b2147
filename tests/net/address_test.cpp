// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/address.h"

#include <gtest/gtest.h>

namespace bulkhead::net {
namespace {

std::string read4(std::string_view text, bool shortened = true) {
  const auto address = parse_address(Family::kIpv4, text, shortened);
  return address ? to_string(*address) : "-";
}

TEST(Address, ReadsIpv4AsIptablesDoes) {
  EXPECT_EQ(read4("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(read4("10"), "10.0.0.0");
  EXPECT_EQ(read4("10.1"), "10.1.0.0");
  EXPECT_EQ(read4("0x0a.012.1.1"), "10.10.1.1");
  for (const char* wrong :
       {"", ".", "10.", "10..1", "256", "1.2.3.4.5", "1.2.3.4.", "a", "-1", "0x", "1.2.3.09"}) {
    EXPECT_EQ(read4(wrong), "-") << wrong;
  }
}

TEST(Address, TakesOnlyWholeAddressesUnlessShortened) {
  EXPECT_EQ(read4("192.0.2.1", false), "192.0.2.1");
  EXPECT_EQ(read4("10.1", false), "-");
  EXPECT_EQ(read4("10.0.0.010", false), "-");
}

TEST(Address, ReadsAndPrintsIpv6) {
  const auto address = parse_address(Family::kIpv6, "2001:DB8:0:0::1");
  ASSERT_TRUE(address);
  EXPECT_EQ(to_string(*address), "2001:db8::1");
  EXPECT_TRUE(address->value >> 96 == 0x20010db8);
  EXPECT_FALSE(parse_address(Family::kIpv6, "192.0.2.1"));
  EXPECT_FALSE(parse_address(Family::kIpv6, "10", true));
}

TEST(Address, ANulByteEndsNothing) {
  EXPECT_FALSE(parse_address(Family::kIpv4, std::string_view("192.0.2.1\0x", 11)));
}

TEST(Mask, ReadsLengthsAndMasks) {
  EXPECT_TRUE(parse_mask(Family::kIpv4, "24") == prefix_mask(Family::kIpv4, 24));
  EXPECT_TRUE(parse_mask(Family::kIpv4, "255.255.0.255") == U128{0xffff00ff});
  EXPECT_TRUE(parse_mask(Family::kIpv4, "0") == U128{0});
  EXPECT_TRUE(parse_mask(Family::kIpv4, "0x18") == prefix_mask(Family::kIpv4, 24));
  EXPECT_TRUE(parse_mask(Family::kIpv6, "ffff::") == prefix_mask(Family::kIpv6, 16));
  EXPECT_TRUE(parse_mask(Family::kIpv6, "128") == kU128Max);
  for (const char* wrong : {"33", "255.255", "", "x", "-1"})
    EXPECT_FALSE(parse_mask(Family::kIpv4, wrong)) << wrong;
  EXPECT_FALSE(parse_mask(Family::kIpv6, "129"));
}

TEST(Network, PrintsTheLengthOrTheMask) {
  const Address base = *parse_address(Family::kIpv4, "10.0.0.0");
  EXPECT_EQ(to_string(Network{base, prefix_mask(Family::kIpv4, 8)}), "10.0.0.0/8");
  EXPECT_EQ(to_string(Network{base, prefix_mask(Family::kIpv4, 32)}), "10.0.0.0/32");
  EXPECT_EQ(to_string(Network{base, 0xff0000ff}), "10.0.0.0/255.0.0.255");
  EXPECT_EQ(to_string(Network{{Family::kIpv4, 0}, 0}), "0.0.0.0/0");
  EXPECT_EQ(to_string(Network{{Family::kIpv6, 0}, U128{1}}), "::/::1");
}

TEST(Network, ContainsByItsMaskAndFamily) {
  const Network odd{*parse_address(Family::kIpv4, "10.0.0.1"), 0xff0000ff};
  EXPECT_EQ(odd.prefix_length(), std::nullopt);
  EXPECT_TRUE(odd.contains(*parse_address(Family::kIpv4, "10.9.9.1")));
  EXPECT_FALSE(odd.contains(*parse_address(Family::kIpv4, "10.9.9.2")));
  EXPECT_FALSE((Network{{Family::kIpv4, 0}, 0}).contains({Family::kIpv6, 0}));
}

}  // namespace
}  // namespace bulkhead::net
