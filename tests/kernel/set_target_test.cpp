// SPDX-License-Identifier: GPL-2.0-or-later
// The target SET by what ipset(8) shows afterwards: from our rules the same as from
// iptables-legacy's.
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SetTarget : public TwoFirewalls {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/sbin/ipset")) GTEST_SKIP() << "ipset isn't installed";
    TwoFirewalls::SetUp();
  }
  void make_sets(const std::string& lines) {
    for (const auto& firewall : both_)
      firewall->net.must_exec({"ipset", "restore"}, {.input = lines});
  }
  static std::string saved(const Firewall& firewall, const std::string& set) {
    return firewall.net.must_exec({"ipset", "save", set});
  }
  void restore(const std::string& rules, bool v6 = false) {
    for (const auto& firewall : both_) firewall->tables(v6).must_restore(filter(rules));
  }
};

Bytes udp_from(const std::string& from) {
  return build(Ip4{.saddr = from, .daddr = kHost} / Udp{.dport = 53});
}

TEST_F(SetTarget, AddsAndTakesOut) {
  make_sets(
      "create hosts hash:ip\nadd hosts 192.0.2.8\ncreate services hash:ip,port\n"
      "create gone hash:ip\nadd gone 192.0.2.8\nadd gone 192.0.2.9\n");
  restore(
      "-A INPUT -p udp -j SET --add-set hosts src --del-set gone src\n"
      "-A INPUT -p udp -j SET --add-set services dst,dst\n"
      "-A INPUT -m comment --comment behind\n");
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    firewall->rig.inject("eth0", udp_from("192.0.2.9"));
    EXPECT_THAT(saved(*firewall, "hosts"), HasSubstr("add hosts 192.0.2.9\n"));
    EXPECT_THAT(saved(*firewall, "hosts"), HasSubstr("add hosts 192.0.2.8\n"));
    EXPECT_THAT(saved(*firewall, "services"), HasSubstr("add services 192.0.2.1,udp:53\n"));
    EXPECT_THAT(saved(*firewall, "gone"), HasSubstr("add gone 192.0.2.8\n"));
    EXPECT_THAT(saved(*firewall, "gone"), Not(HasSubstr("add gone 192.0.2.9\n")));
    EXPECT_EQ(firewall->packets("behind"), 1u) << "the walk goes on";
  }
}

TEST_F(SetTarget, OfIpv6) {
  make_sets("create hosts hash:ip family inet6\n");
  restore("-A INPUT -p udp -j SET --add-set hosts src\n", true);
  for (const auto& firewall : both_) {
    firewall->rig.inject("eth0", to_host6({Udp{}}));
    EXPECT_THAT(saved(*firewall, "hosts"), HasSubstr("add hosts 2001:db8::9\n")) << firewall->name;
  }
}

// ipset shows the seconds that are left, so a set with hours tells them from the set's own minutes.
TEST_F(SetTarget, ATimeoutOfItsOwnAndExistSetsItAnew) {
  make_sets(
      "create own hash:ip timeout 60\nadd own 192.0.2.9\n"
      "create kept hash:ip timeout 60\nadd kept 192.0.2.9\n");
  restore(
      "-A INPUT -p udp -j SET --add-set own src --exist --timeout 9000\n"
      "-A INPUT -p udp -j SET --add-set kept src --timeout 9000\n");
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    for (const char* from : {"192.0.2.8", "192.0.2.9"})
      firewall->rig.inject("eth0", udp_from(from));
    const std::string own = saved(*firewall, "own"), kept = saved(*firewall, "kept");
    EXPECT_THAT(own, ::testing::ContainsRegex("add own 192\\.0\\.2\\.8 timeout [89][0-9]{3}"));
    EXPECT_THAT(own, ::testing::ContainsRegex("add own 192\\.0\\.2\\.9 timeout [89][0-9]{3}"));
    EXPECT_THAT(kept, ::testing::ContainsRegex("add kept 192\\.0\\.2\\.8 timeout [89][0-9]{3}"));
    EXPECT_THAT(kept, ::testing::ContainsRegex("add kept 192\\.0\\.2\\.9 timeout [0-9]{1,2}\n"));
  }
}

TEST_F(SetTarget, ARuleHoldsItsSet) {
  make_sets("create held hash:ip\n");
  restore("-A INPUT -p udp -j SET --add-set held src\n");
  for (const auto& firewall : both_) {
    SCOPED_TRACE(firewall->name);
    EXPECT_FALSE(firewall->net.exec({"ipset", "destroy", "held"}).ok());
    ASSERT_TRUE(firewall->ip4.command({"-A", "INPUT", "-j", "ACCEPT"}).ok());
    firewall->rig.inject("eth0", udp_from("192.0.2.9"));
    EXPECT_THAT(saved(*firewall, "held"), HasSubstr("add held 192.0.2.9\n"));
    ASSERT_TRUE(firewall->ip4.command({"-F"}).ok());
    EXPECT_TRUE(firewall->net.exec({"ipset", "destroy", "held"}).ok());
  }
}

// The module looks at the name of the nf_tables table: see docs/differences.md.
TEST_F(SetTarget, MapSetIsRefusedByName) {
  make_sets("create marks hash:ip skbinfo\n");
  const ExecResult done = ours().ip4.command(
      {"-t", "mangle", "-A", "FORWARD", "-j", "SET", "--map-set", "marks", "src", "--map-mark"});
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_THAT(done.err, HasSubstr("target SET"));
  EXPECT_EQ(ours().ip4.command({"-t", "mangle", "-S", "FORWARD"}).out, "-P FORWARD ACCEPT\n");
}

}  // namespace
}  // namespace bulkhead::testing
