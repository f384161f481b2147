// SPDX-License-Identifier: GPL-2.0-or-later
// fail2ban-server(1), by connections.
#include <string>

#include <gmock/gmock.h>

#include "kernel/programs/drop_in_fixture.h"

namespace bulkhead::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kJail = R"([DEFAULT]
backend = polling
[sshd]
enabled = false
[door]
enabled = true
filter = door
logpath = /var/log/door.log
port = 2222
protocol = tcp
maxretry = 3
findtime = 600
bantime = 600
)";
constexpr const char* kFilter = R"([Definition]
failregex = knock from <HOST>$
datepattern = {^LN-BEG}
)";

class Fail2ban : public DropIn {
 protected:
  std::string program() const override { return "/usr/bin/fail2ban-client"; }

  void start(const std::string& action) {
    host_->must_run("rm -f /etc/fail2ban/jail.d/*; mkdir -p /run/fail2ban; : >/var/log/door.log");
    host_->write("/etc/fail2ban/jail.local", kJail + ("banaction = " + action + "\n"));
    host_->write("/etc/fail2ban/filter.d/door.conf", kFilter);
    host_->write("/etc/fail2ban/fail2ban.local", "[DEFAULT]\nloglevel = DEBUG\n");
    host_->ends_with_host("/run/fail2ban/fail2ban.pid");
    host_->must_run("fail2ban-client start >/dev/null 2>&1");
    ASSERT_TRUE(host_->becomes_true("fail2ban-client status door >/dev/null 2>&1"))
        << host_->run("cat /var/log/fail2ban.log").out;
  }
  std::string client(const std::string& words) {
    return host_->must_run("fail2ban-client " + words);
  }

  void bans_and_unbans(const std::string& action) {
    const Listener door(host_->net(), 2222), other(host_->net(), 80);
    start(action);
    EXPECT_TRUE(reaches(2222));

    host_->must_run(
        "for knock in 1 2 3; do echo \"$(date '+%F %T') knock from 192.0.2.1\"; done "
        ">>/var/log/door.log");
    ASSERT_TRUE(host_->becomes_true("fail2ban-client status door | grep -q 'list:.*192.0.2.1'"));
    // It says so before it has called iptables, and forgets to unban whom it is still banning.
    ASSERT_TRUE(host_->becomes_true("grep -q 'Banned 1 / 1' /var/log/fail2ban.log"));
    EXPECT_THAT(host_->must_run("iptables -S f2b-door"), HasSubstr("192.0.2.1/32"));
    EXPECT_TRUE(blocked(2222)) << "banned";
    EXPECT_TRUE(reaches(80)) << "the jail is of one port";

    client("set door unbanip 192.0.2.1");
    EXPECT_TRUE(reaches(2222)) << "no longer banned\n"
                               << host_->run("iptables -S; cat /var/log/fail2ban.log").out;
    client("set door banip 2001:db8::1");
    EXPECT_TRUE(host_->becomes_true("ip6tables -S f2b-door | grep -q 2001:db8::1/128"));
    EXPECT_TRUE(blocked6(2222));
    EXPECT_TRUE(reaches(2222));

    client("stop");
    EXPECT_TRUE(host_->becomes_true("! iptables -n -L f2b-door 2>/dev/null"));
    EXPECT_TRUE(reaches6(2222));
    EXPECT_THAT(host_->must_run("cat /var/log/fail2ban.log"), Not(HasSubstr("ERROR")));
  }
};

TEST_P(Fail2ban, BansAndUnbansPorts) { bans_and_unbans("iptables-multiport"); }

BULKHEAD_OVER_BOTH(Fail2ban);

}  // namespace
}  // namespace bulkhead::testing
