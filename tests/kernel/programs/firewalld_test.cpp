// SPDX-License-Identifier: GPL-2.0-or-later
// firewalld(1) with FirewallBackend=iptables, by connections.
#include <string>

#include <gmock/gmock.h>

#include "kernel/programs/drop_in_fixture.h"

namespace bulkhead::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Firewalld : public DropIn {
 protected:
  std::string program() const override { return "/usr/sbin/firewalld"; }

  void start() {
    host_->must_run(
        "sed -i 's/^FirewallBackend=.*/FirewallBackend=iptables/' /etc/firewalld/firewalld.conf; "
        "mkdir -p /run/dbus; "
        "dbus-daemon --system --fork --nopidfile --print-pid >/run/dbus/pid 2>/dev/null");
    host_->ends_with_host("/run/dbus/pid");
    host_->ends_with_host("/run/firewalld.pid");
    host_->must_run("firewalld >/dev/null 2>&1");
    ASSERT_TRUE(host_->becomes_true("firewall-cmd --state >/dev/null 2>&1"))
        << host_->run("cat /var/log/firewalld").out;
  }
  std::string cmd(const std::string& words) {
    return host_->must_run("firewall-cmd " + words + " 2>&1");
  }
};

TEST_P(Firewalld, ZonesServicesRichRulesAndReload) {
  const Listener ssh(host_->net(), 22), web(host_->net(), 80), other(host_->net(), 8080);
  start();
  EXPECT_TRUE(reaches(22)) << "zone public has ssh";
  EXPECT_TRUE(reaches6(22));
  EXPECT_TRUE(blocked(80));
  EXPECT_TRUE(blocked6(80));

  cmd("--zone=public --add-service=http");
  EXPECT_TRUE(reaches(80));
  EXPECT_TRUE(reaches6(80));
  cmd("--zone=public --add-port=8080/tcp");
  EXPECT_TRUE(reaches(8080));

  // A zone of its own for a source; a drop zone silences it.
  cmd("--zone=drop --add-source=192.0.2.1");
  EXPECT_TRUE(blocked(22));
  EXPECT_TRUE(reaches6(22));
  cmd("--zone=drop --remove-source=192.0.2.1");
  EXPECT_TRUE(reaches(22));

  cmd("--add-rich-rule='rule family=\"ipv4\" source address=\"192.0.2.1\" port port=\"8080\" "
      "protocol=\"tcp\" reject'");
  EXPECT_TRUE(blocked(8080));
  EXPECT_TRUE(reaches6(8080));

  // Port 9000 is forwarded to 80.
  cmd("--add-forward-port=port=9000:proto=tcp:toport=80");
  EXPECT_TRUE(reaches(9000));

  // What isn't permanent is gone.
  cmd("--reload");
  EXPECT_TRUE(reaches(22));
  EXPECT_TRUE(blocked(80));
  EXPECT_TRUE(blocked(8080));
  EXPECT_TRUE(blocked(9000));

  cmd("--permanent --add-service=http");
  cmd("--set-log-denied=all");
  EXPECT_TRUE(reaches(80));
  cmd("--panic-on");
  EXPECT_TRUE(blocked(22));
  cmd("--panic-off");
  EXPECT_TRUE(reaches(22));
  EXPECT_THAT(cmd("--list-all"), HasSubstr("services: dhcpv6-client http ssh"));
  EXPECT_THAT(host_->must_run("cat /var/log/firewalld"), Not(HasSubstr("ERROR")));
}

BULKHEAD_OVER_BOTH(Firewalld);

}  // namespace
}  // namespace bulkhead::testing
