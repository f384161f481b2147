// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/names.h"

#include <gtest/gtest.h>

namespace bulkhead::net {
namespace {

TEST(BuiltinProtocols, FirstNameOfANumberIsPrinted) {
  EXPECT_EQ(builtin_protocol("icmpv6"), 58);
  EXPECT_EQ(builtin_protocol("ipv6-icmp"), 58);
  EXPECT_EQ(builtin_protocol_name(58), "ipv6-icmp");
  EXPECT_EQ(builtin_protocol_name(135), "mobility-header");
  EXPECT_EQ(builtin_protocol("all"), 0);
  EXPECT_EQ(builtin_protocol("gre"), std::nullopt);
  EXPECT_EQ(builtin_protocol_name(47), std::nullopt);
}

// Only what a host has without a network: its own files.
TEST(SystemNames, KnowsTheHostsFiles) {
  const SystemNames names;
  EXPECT_EQ(names.service("ssh", "tcp"), 22);
  EXPECT_EQ(names.service_name(22, "tcp"), "ssh");
  EXPECT_EQ(names.service("ssh", ""), 22);
  EXPECT_EQ(names.service("no-such-service", "tcp"), std::nullopt);
  EXPECT_EQ(names.protocol("gre"), 47);
  EXPECT_EQ(names.protocol_name(47), "gre");
  EXPECT_EQ(names.protocol("no-such-protocol"), std::nullopt);
}

TEST(SystemNames, ResolvesNumericHosts) {
  const SystemNames names;
  const auto hosts = names.host(Family::kIpv6, "2001:db8::1");
  ASSERT_TRUE(hosts.ok());
  ASSERT_EQ(hosts->size(), 1u);
  EXPECT_EQ(to_string(hosts->front()), "2001:db8::1");
}

TEST(SystemNames, SaysWhyAHostIsNotFound) {
  const SystemNames names;
  const auto hosts = names.host(Family::kIpv4, "no such host");
  ASSERT_FALSE(hosts.ok());
  EXPECT_EQ(hosts.error().message, "Name or service not known");
  const auto other = names.host(Family::kIpv4, "2001:db8::1");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().message, "Address family for hostname not supported");
}

TEST(SystemNames, KnowsUsersAndGroups) {
  const SystemNames names;
  EXPECT_EQ(names.user("root"), 0u);
  EXPECT_EQ(names.user_name(0), "root");
  EXPECT_EQ(names.group("root"), 0u);
  EXPECT_EQ(names.group_name(0), "root");
  EXPECT_FALSE(names.user("no such user"));
  EXPECT_FALSE(names.group_name(4294967294));
}

TEST(Protocols, AreShownByTheBestNameThereIs) {
  const SystemNames names;
  EXPECT_EQ(protocol_text(6, names), "tcp");
  EXPECT_EQ(protocol_text(58, names), "ipv6-icmp");
  EXPECT_EQ(protocol_text(253, names), "253");
}

// The files are iproute2's, which need not be here.
TEST(SystemNames, OfIproute2AreReadBothWays) {
  const SystemNames names;
  for (const auto kind : {Names::Iproute::kRealm, Names::Iproute::kInterfaceGroup}) {
    for (uint32_t number = 0; number < 256; ++number) {
      const auto name = names.iproute_name(kind, number);
      if (!name) continue;
      EXPECT_EQ(names.iproute_number(kind, *name), number) << *name;
    }
    EXPECT_FALSE(names.iproute_name(kind, 256));
    EXPECT_FALSE(names.iproute_number(kind, "nosuchname"));
    EXPECT_FALSE(names.iproute_number(kind, ""));
  }
}

}  // namespace
}  // namespace bulkhead::net
