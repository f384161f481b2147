// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/config.h"

#include <gtest/gtest.h>

namespace bulkhead::app {
namespace {

TEST(Config, WithoutAFileTheDefaultsHold) {
  const auto config = load_config("/proc/no/such/file");
  ASSERT_TRUE(config.ok());
  EXPECT_TRUE(config->management.empty());
  EXPECT_EQ(config->ssh_ports, std::vector<uint16_t>{22});
}

TEST(Config, TheOneThatIsShippedSetsNothing) {
  const auto config = load_config(BULKHEAD_SOURCE_DIR "/packaging/etc/bulkhead.toml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_TRUE(config->management.empty());
}

TEST(Config, AddressesOfBothFamiliesAndNetworks) {
  const auto config = parse_config(
      "[management]\naddresses = ['192.0.2.1', '10.9.8.7/8', '2001:db8::1/64']\n", "c");
  ASSERT_TRUE(config.ok()) << config.error().message;
  ASSERT_EQ(config->management.size(), 3U);
  EXPECT_EQ(net::to_string(config->management[0]), "192.0.2.1/32");
  EXPECT_EQ(net::to_string(config->management[1]), "10.0.0.0/8");
  EXPECT_EQ(net::to_string(config->management[2]), "2001:db8::/64");
}

TEST(Config, WhatTheAuditIsToFindRight) {
  const auto config = parse_config(
      "[audit]\nforwarding = true\negress = [22, 445]\nsubnets = ['192.0.2.0/24']\n", "c");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_TRUE(config->audit.forwarding);
  EXPECT_EQ(config->audit.egress, (std::vector<uint16_t>{22, 445}));
  ASSERT_EQ(config->audit.subnets.size(), 1U);
  EXPECT_EQ(net::to_string(config->audit.subnets[0]), "192.0.2.0/24");
}

struct Wrong {
  const char* text;
  const char* message;
};

class WrongConfig : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongConfig, SaysWhere) {
  const auto config = parse_config(GetParam().text, "c");
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().message.substr(0, std::string(GetParam().message).size()),
            GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, WrongConfig,
    ::testing::Values(
        Wrong{"[managment]\n", "c:1: `managment' is not known"},
        Wrong{"[management]\naddress = []\n", "c:2: `address' is not known in [management]"},
        Wrong{"[management]\n\naddresses = ['host.example']\n", "c:3: an address or a network"},
        Wrong{"[management]\naddresses = ['192.0.2.1/33']\n", "c:2: an address or a network"},
        Wrong{"[management]\naddresses = '192.0.2.1'\n", "c:2: a list is needed"},
        Wrong{"[management]\nssh_ports = [0]\n", "c:2: a port is a number"},
        Wrong{"[management]\nssh_ports = ['ssh']\n", "c:2: a port is a number"},
        Wrong{"[audit]\nforward = true\n", "c:2: `forward' is not known in [audit]"},
        Wrong{"[audit]\nforwarding = 1\n", "c:2: `forwarding' is true or false"},
        Wrong{"[audit]\negress = [70000]\n", "c:2: a port is a number"},
        Wrong{"management = 1\n", "c:1: `management' is a table"}, Wrong{"[management\n", "c:"}));

}  // namespace
}  // namespace bulkhead::app
