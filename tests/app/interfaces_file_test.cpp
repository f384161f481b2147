// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/interfaces_file.h"

#include <gtest/gtest.h>

#include "set/cube.h"

namespace bulkhead::app {
namespace {

// "eth0 = 192.0.2.0/24; eth1 = none", or the error as it is shown.
std::string read(const std::string& text, net::Family family = net::Family::kIpv4) {
  const Source source("f", text);
  const auto interfaces = parse_interfaces(source, family);
  if (!interfaces) return render(interfaces.error(), source);
  std::string all;
  for (const pass::InterfaceAddresses& each : *interfaces) {
    all +=
        (all.empty() ? "" : "; ") + each.name + " = " + set::address_words(family, each.addresses);
  }
  return all;
}

TEST(InterfacesFile, PrefixesRangesAndAddresses) {
  EXPECT_EQ(read("# ours\neth0 = [192.0.2.3/24]\neth1.96=[0.0.0.0-255.255.255.255] # all\n"
                 "foo = []\nlo = [127.0.0.1,\n  127.0.0.4-127.0.0.6]"),
            "eth0 = 192.0.2.0/24; eth1.96 = any; foo = none; "
            "lo = 127.0.0.1, 127.0.0.4-127.0.0.6");
  EXPECT_EQ(read(""), "");
}

TEST(InterfacesFile, AllBut) {
  EXPECT_EQ(read("up = all_but_those_ips [\n  10.0.0.0/8,\n  192.168.0.0/255.255.0.0\n]\n"),
            "up = any except 10.0.0.0/8, 192.168.0.0/16");
  EXPECT_EQ(read("up = all_but_those_ips []\n"), "up = any");
  EXPECT_EQ(read("up = all_but_those_ips [::/1]\n", net::Family::kIpv6), "up = 8000::/1");
}

TEST(InterfacesFile, ErrorsHaveTheirPlace) {
  EXPECT_EQ(read("a = [10.0.0.0/33]"),
            "f:1:6: `10.0.0.0/33' is no IPv4 address, prefix or range (first-last)\n"
            "  a = [10.0.0.0/33]\n       ^~~~~~~~~~~\n");
  EXPECT_EQ(read("a = [::1]").substr(0, 29), "f:1:6: `::1' is no IPv4 addre");
  EXPECT_EQ(read("a = [10.0.0.9-10.0.0.1]").substr(0, 8), "f:1:6: `");
  EXPECT_EQ(read("a = []\na = []").substr(0, 43), "f:2:1: the interface `a' stands here twice\n");
  EXPECT_EQ(read("eth+ = []").substr(0, 35), "f:1:1: each interface must be named");
  EXPECT_EQ(read("a [").substr(0, 38), "f:1:3: there is `[' where `=' must be\n");
  EXPECT_NE(read("a = [10.0.0.1").find("the file ends where `]' must be"), std::string::npos);
  EXPECT_NE(read("a = [10.0.0.1 10.0.0.2]").find("separated by commas"), std::string::npos);
  EXPECT_NE(read("a = [10.0.0.1,]").find("is no IPv4 address"), std::string::npos);
  EXPECT_NE(read("a =").find("the file ends where `[' must be"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::app
