// SPDX-License-Identifier: GPL-2.0-or-later
// What the audit reads of a host's files, from a folder that looks like one.
#include "app/audit_facts.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace bulkhead::app {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kEarly = "[Unit]\nBefore=network-pre.target\n";
const std::string kRun = "[Service]\nExecStart=/usr/sbin/bulkhead boot\n";

class AuditFacts : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void enable(const std::string& unit, const std::string& by = "multi-user.target") {
    const fs::path link = root_ / "etc/systemd/system" / (by + ".wants") / unit;
    fs::create_directories(link.parent_path());
    fs::create_symlink("/lib/systemd/system/" + unit, link);
  }
  void install(const std::string& program) {
    write(program, "");
    fs::permissions(root_ / program, fs::perms::owner_all);
  }
  BootState::When boots(const std::string& unit) {
    write("lib/systemd/system/bulkhead.service", unit);
    return boot_state(root_).when;
  }

  const testing::TemporaryFolder made_{"audit"};
  const fs::path root_ = made_.path();
};

TEST_F(AuditFacts, AUnitIsEarlyIfItSaysSo) {
  fs::create_directories(root_ / "etc/systemd/system");
  install("usr/sbin/bulkhead");
  EXPECT_EQ(boots(kEarly + kRun), BootState::When::kNever);
  EXPECT_TRUE(boot_state(root_).disabled);
  enable("bulkhead.service");
  using When = BootState::When;
  EXPECT_EQ(boots(kEarly + kRun), When::kBeforeNetwork);
  EXPECT_EQ(boots("[Unit]\nBefore = basic.target network-pre.target\n" + kRun),
            When::kBeforeNetwork);
  EXPECT_EQ(boots("[Unit]\nBefore=basic.target \\\n# and\n network-pre.target\n" + kRun),
            When::kBeforeNetwork);
  EXPECT_EQ(boots("[Unit]\nAfter=network-pre.target\nBefore=shutdown.target\n" + kRun),
            When::kLater);
  EXPECT_EQ(boots("[Unit]\n# Before=network-pre.target\nBefore=shutdown.target\n" + kRun),
            When::kLater);
  EXPECT_EQ(boots(kEarly + "Before=\n" + kRun), When::kLater);
}

TEST_F(AuditFacts, WhatIsBesideAUnitAddsToIt) {
  enable("bulkhead.service");
  install("usr/sbin/bulkhead");
  write("etc/systemd/system/bulkhead.service.d/early.conf", kEarly);
  EXPECT_EQ(boots("[Unit]\nDescription=rules\n" + kRun), BootState::When::kBeforeNetwork);
  write("etc/systemd/system/bulkhead.service.d/late.conf", "[Unit]\nBefore=\n");
  EXPECT_EQ(boots("[Unit]\nDescription=rules\n" + kRun), BootState::When::kLater);
}

TEST_F(AuditFacts, AUnitWhoseProgramIsNotThereLoadsNothing) {
  enable("bulkhead.service");
  EXPECT_EQ(boots(kEarly + kRun), BootState::When::kNever);
  EXPECT_THAT(boot_state(root_).words, HasSubstr("/usr/sbin/bulkhead, which isn't there"));
  EXPECT_FALSE(boot_state(root_).disabled) << "to enable it doesn't help";
  write("usr/sbin/bulkhead", "");
  EXPECT_EQ(boots(kEarly + kRun), BootState::When::kNever) << "it can't be executed";
  install("opt/bulkhead/bulkhead");
  fs::remove(root_ / "usr/sbin/bulkhead");
  fs::create_symlink("/opt/bulkhead/bulkhead", root_ / "usr/sbin/bulkhead");
  EXPECT_EQ(boots(kEarly + kRun), BootState::When::kBeforeNetwork) << "a link leads to it";
}

TEST_F(AuditFacts, AUnitThatDoesSomethingElseLoadsNothing) {
  enable("bulkhead.service");
  install("usr/sbin/bulkhead");
  const std::string run = "[Service]\nExecStart=";
  EXPECT_EQ(boots(kEarly), BootState::When::kNever);
  EXPECT_EQ(boots(kEarly + run + "/usr/sbin/bulkhead status\n"), BootState::When::kNever);
  EXPECT_EQ(boots(kEarly + run + "-/usr/sbin/bulkhead --state-dir /s boot\n"),
            BootState::When::kNever)
      << "the command comes first";
  EXPECT_EQ(boots(kEarly + run + "/usr/sbin/bulkhead boot --help\n"), BootState::When::kNever);
  install("usr/bin/echo");
  EXPECT_EQ(boots(kEarly + run + "/usr/bin/echo boot\n"), BootState::When::kNever);
  EXPECT_EQ(boots(kEarly + run + "-/usr/sbin/bulkhead boot --state-dir /s\n"),
            BootState::When::kBeforeNetwork);
  write("etc/systemd/system/bulkhead.service.d/off.conf", run + "\n");
  EXPECT_EQ(boots(kEarly + kRun), BootState::When::kNever) << "the command is taken back";
}

TEST_F(AuditFacts, AUnitThatNoBootComesToLoadsNothing) {
  using When = BootState::When;
  install("usr/sbin/bulkhead");
  enable("bulkhead.service", "rescue.target");
  EXPECT_EQ(boots(kEarly + kRun), When::kNever);
  enable("bulkhead.service", "own.target");
  EXPECT_EQ(boots(kEarly + kRun), When::kNever) << "nothing wants own.target";
  enable("own.target");
  EXPECT_EQ(boots(kEarly + kRun), When::kBeforeNetwork) << "multi-user.target wants it";
}

TEST_F(AuditFacts, ABootComesToItsDefaultTarget) {
  using When = BootState::When;
  install("usr/sbin/bulkhead");
  enable("bulkhead.service", "graphical.target");
  EXPECT_EQ(boots(kEarly + kRun), When::kBeforeNetwork);
  const fs::path link = root_ / "etc/systemd/system/default.target";
  fs::create_symlink("/lib/systemd/system/multi-user.target", link);
  EXPECT_EQ(boots(kEarly + kRun), When::kNever);
  enable("bulkhead.service", "sysinit.target");
  EXPECT_EQ(boots(kEarly + kRun), When::kBeforeNetwork);
  fs::remove(link);
  fs::create_symlink("/lib/systemd/system/emergency.target", link);
  EXPECT_EQ(boots(kEarly + kRun), When::kNever);
}

TEST_F(AuditFacts, AUnitWhoseConditionDoesNotHoldLoadsNothing) {
  using When = BootState::When;
  install("usr/sbin/bulkhead");
  enable("bulkhead.service");
  EXPECT_EQ(boots(kEarly + "ConditionPathExists=/etc/firewall-on\n" + kRun), When::kNever);
  EXPECT_THAT(boot_state(root_).words, HasSubstr("ConditionPathExists=/etc/firewall-on"));
  EXPECT_EQ(boots(kEarly + "ConditionPathExists=!/etc/firewall-on\n" + kRun), When::kBeforeNetwork);
  write("etc/firewall-on", "");
  EXPECT_EQ(boots(kEarly + "AssertPathExists=/etc/firewall-on\n" + kRun), When::kBeforeNetwork);
}

TEST_F(AuditFacts, AnEnabledUnitMayBeMissing) {
  enable("bulkhead.service");
  EXPECT_EQ(boot_state(root_).when, BootState::When::kNever);
  EXPECT_FALSE(boot_state(root_).disabled);
}

TEST_F(AuditFacts, TheUnitThatIsShippedIsEarly) {
  enable("bulkhead.service");
  install("usr/sbin/bulkhead");
  std::ifstream unit(BULKHEAD_SOURCE_DIR "/packaging/systemd/bulkhead.service");
  const std::string text{std::istreambuf_iterator<char>(unit), {}};
  EXPECT_EQ(boots(text), BootState::When::kBeforeNetwork);
}

TEST_F(AuditFacts, CronIsLate) {
  write("etc/cron.d/bulkhead", "@reboot root /usr/sbin/bulkhead boot\n");
  const BootState boot = boot_state(root_);
  EXPECT_EQ(boot.when, BootState::When::kLater);
  EXPECT_THAT(boot.words, HasSubstr("etc/cron.d/bulkhead"));
}

TEST_F(AuditFacts, OtherFirewallsThatAreStarted) {
  EXPECT_THAT(firewalls_at_boot(root_), IsEmpty());
  for (const char* const unit : {"iptables.service", "shorewall.service", "ferm.service",
                                 "arno-iptables-firewall.service", "ssh.service"})
    enable(unit);
  std::vector<std::string> remedies;
  for (const OtherFirewall& other : firewalls_at_boot(root_)) remedies.push_back(other.remedy);
  EXPECT_THAT(remedies,
              ElementsAre("systemctl disable iptables.service",
                          "systemctl disable shorewall.service", "systemctl disable ferm.service",
                          "systemctl disable arno-iptables-firewall.service"));
}

TEST_F(AuditFacts, UfwIsStartedIfItsConfigurationSaysSo) {
  enable("ufw.service");
  EXPECT_EQ(firewalls_at_boot(root_).size(), 1u);
  write("etc/ufw/ufw.conf", "# comment\nENABLED=no\nLOGLEVEL=low\n");
  EXPECT_THAT(firewalls_at_boot(root_), IsEmpty());
  write("etc/ufw/ufw.conf", "ENABLED=yes\n");
  EXPECT_EQ(firewalls_at_boot(root_).size(), 1u);
}

TEST_F(AuditFacts, IPv6IsOnWhereAnInterfaceHasIt) {
  const auto set = [&](const std::string& interface, const char* value) {
    write("sys/net/ipv6/conf/" + interface + "/disable_ipv6", std::string(value) + "\n");
  };
  EXPECT_TRUE(ip6_is_on(root_)) << "nothing can be read";
  write("sys/net/ipv4/ip_forward", "0\n");
  EXPECT_FALSE(ip6_is_on(root_)) << "the kernel has no IPv6";
  for (const char* const each : {"all", "default", "eth0"}) set(each, "1");
  set("lo", "0");
  EXPECT_FALSE(ip6_is_on(root_));
  set("eth0", "0");
  EXPECT_TRUE(ip6_is_on(root_)) << "turned on again for one interface";
  set("eth0", "1");
  set("all", "0");
  EXPECT_FALSE(ip6_is_on(root_)) << "`all' only sets the others";
  fs::remove(root_ / "sys/net/ipv6/conf/eth0/disable_ipv6");
  EXPECT_TRUE(ip6_is_on(root_)) << "eth0's can't be read";
}

}  // namespace
}  // namespace bulkhead::app
