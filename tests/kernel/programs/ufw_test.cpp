// SPDX-License-Identifier: GPL-2.0-or-later
// ufw(8), by connections.
#include <gmock/gmock.h>

#include "kernel/programs/drop_in_fixture.h"

namespace bulkhead::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Ufw : public DropIn {
 protected:
  std::string program() const override { return "/usr/sbin/ufw"; }
  std::string ufw(const std::string& words) { return host_->must_run("ufw " + words + " 2>&1"); }
};

TEST_P(Ufw, EnableAllowDenyLimitDeleteReloadDisable) {
  const Listener ssh(host_->net(), 22), web(host_->net(), 80), game(host_->net(), 2222);
  EXPECT_TRUE(reaches(80)) << "before";

  EXPECT_THAT(ufw("--force enable"), HasSubstr("Firewall is active"));
  EXPECT_TRUE(blocked(80));
  EXPECT_TRUE(blocked6(80));

  ufw("allow 22/tcp");
  EXPECT_TRUE(reaches(22));
  EXPECT_TRUE(reaches6(22));
  EXPECT_TRUE(blocked(80));

  ufw("allow from 192.0.2.1 to any port 80 proto tcp");
  EXPECT_TRUE(reaches(80));
  EXPECT_TRUE(blocked6(80)) << "the rule is one of IPv4";
  ufw("deny 22/tcp");
  EXPECT_TRUE(blocked(22));
  EXPECT_THAT(ufw("status"), HasSubstr("DENY"));
  ufw("delete deny 22/tcp");
  ufw("allow 22/tcp");
  EXPECT_TRUE(reaches(22));

  // Six connections in thirty seconds, the sixth is one too many (ufw(8), limit).
  ufw("limit 2222/tcp");
  unsigned through = 0;
  while (through < 8 && !blocked(2222)) ++through;
  EXPECT_EQ(through, 5u);

  EXPECT_THAT(ufw("reload"), HasSubstr("Firewall reloaded"));
  EXPECT_TRUE(reaches(22));
  EXPECT_TRUE(reaches(80));
  EXPECT_TRUE(blocked6(80));
  const std::string status = ufw("status verbose");
  EXPECT_THAT(status, HasSubstr("Status: active"));
  EXPECT_THAT(status, HasSubstr("2222/tcp                   LIMIT IN"));
  EXPECT_THAT(ufw("status numbered"), HasSubstr("[ 1]"));

  EXPECT_THAT(ufw("disable"), HasSubstr("Firewall stopped"));
  EXPECT_TRUE(reaches(2222));
  EXPECT_TRUE(reaches6(80));
  EXPECT_THAT(ufw("status"), HasSubstr("inactive"));
  EXPECT_THAT(host_->must_run("iptables -S"), HasSubstr("-P INPUT ACCEPT"));
}

// What it answers for itself: it asks for chains with -L, and compares with what it has written.
TEST_P(Ufw, KnowsItsOwnChains) {
  ufw("--force enable");
  EXPECT_THAT(host_->must_run("iptables -n -L ufw-before-input"), HasSubstr("ctstate INVALID"));
  EXPECT_THAT(ufw("show raw"), HasSubstr("Chain ufw-before-input"));
  const std::string checked = host_->must_run("/usr/share/ufw/check-requirements -f 2>&1");
  EXPECT_THAT(checked, HasSubstr("All tests passed"));
  EXPECT_THAT(checked, Not(HasSubstr("FAIL")));
}

BULKHEAD_OVER_BOTH(Ufw);

}  // namespace
}  // namespace bulkhead::testing
