// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "ext/row.h"

namespace bulkhead::ext {
namespace {

using net::Family;

TEST(Registry, IsSortedByName) {
  for (size_t i = 1; i < matches().size(); ++i)
    EXPECT_LE(matches()[i - 1]->name, matches()[i]->name);
  for (size_t i = 1; i < targets().size(); ++i)
    EXPECT_LE(targets()[i - 1]->name, targets()[i]->name);
  EXPECT_GE(matches().size(), 9u);
  EXPECT_GE(targets().size(), 6u);
}

TEST(Registry, FindsARowByNameAndFamily) {
  ASSERT_NE(find_match("tcp", Family::kIpv4), nullptr);
  EXPECT_EQ(find_match("tcp", Family::kIpv4), find_match("tcp", Family::kIpv6));
  EXPECT_EQ(find_match("nothing", Family::kIpv4), nullptr);
  EXPECT_EQ(find_match("TCP", Family::kIpv4), nullptr);
}

TEST(Registry, KeepsTheFamiliesApart) {
  EXPECT_NE(find_match("icmp", Family::kIpv4), nullptr);
  EXPECT_EQ(find_match("icmp", Family::kIpv6), nullptr);
  EXPECT_EQ(find_match("icmp6", Family::kIpv4), nullptr);
  ASSERT_NE(find_match("ah", Family::kIpv4), nullptr);
  ASSERT_NE(find_match("ah", Family::kIpv6), nullptr);
  EXPECT_EQ(find_match("ah", Family::kIpv4)->options.size(), 1u);
  EXPECT_EQ(find_match("ah", Family::kIpv6)->options.size(), 3u);
  EXPECT_NE(find_target("REJECT", Family::kIpv4), find_target("REJECT", Family::kIpv6));
  EXPECT_NE(find_target("REJECT", Family::kIpv6), nullptr);
}

TEST(Registry, KnowsTheOtherNamesOfAMatch) {
  const Match* icmp6 = find_match("icmp6", Family::kIpv6);
  ASSERT_NE(icmp6, nullptr);
  EXPECT_EQ(find_match("icmpv6", Family::kIpv6), icmp6);
  EXPECT_EQ(find_match("ipv6-icmp", Family::kIpv6), icmp6);
}

TEST(Registry, FindsAnOptionByAnUnambiguousBeginning) {
  const std::span<const Option> tcp = find_match("tcp", Family::kIpv4)->options;
  EXPECT_EQ(find_option(tcp, "dport")->name, "dport");
  EXPECT_EQ(find_option(tcp, "destination-port")->name, "dport");
  EXPECT_EQ(find_option(tcp, "dest")->name, "dport");
  EXPECT_EQ(find_option(tcp, "d")->name, "dport");
  EXPECT_EQ(find_option(tcp, "tcp"), nullptr);
  EXPECT_EQ(find_option(tcp, "s"), nullptr);
  EXPECT_EQ(find_option(tcp, "syn")->name, "syn");
  EXPECT_EQ(find_option(tcp, "dports"), nullptr);
  // A whole name is no beginning, wherever it stands.
  EXPECT_EQ(find_option(find_match("ttl", Family::kIpv4)->options, "ttl")->name, "ttl-eq");
}

}  // namespace
}  // namespace bulkhead::ext
