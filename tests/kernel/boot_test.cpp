// SPDX-License-Identifier: GPL-2.0-or-later
// What is kept over a restart: saved in one namespace, booted in another.
#include <sys/stat.h>

#include "host/persist.h"
#include "kernel/program_fixture.h"
#include "support/temporary_folder.h"

namespace bulkhead::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class BootTest : public ProgramTest {
 protected:
  void apply_seed() const {
    const auto applied = bulkhead({"apply", write("r.v4", kSeedRules), write("r.v6", seed6())});
    ASSERT_EQ(applied.exit_code, 0) << applied.describe();
  }
  void save_seed() const {
    apply_seed();
    const auto saved = with_state({"save"});
    ASSERT_EQ(saved.exit_code, 0) << saved.describe();
  }
  ExecResult boot(const std::string& config = "") const {
    return with_state(
        {"boot", "--config", config.empty() ? (folder_ / "none.toml").string() : config});
  }
  // Closed, but for management from anywhere, by packets.
  void expect_closed() {
    EXPECT_EQ(in(to_host({Tcp{.dport = 22}})), "accepted input");
    EXPECT_EQ(in(to_host({Tcp{.dport = 80}})), "dropped");
    EXPECT_EQ(in(to_host({Udp{.dport = 53}})), "dropped");
    EXPECT_EQ(in(to_host({Icmp{}})), "accepted input");
    EXPECT_EQ(in(through({Tcp{.dport = 22}})), "dropped");
    EXPECT_EQ(in(to_host6({Tcp{.dport = 22}})), "accepted input");
    EXPECT_EQ(in(to_host6({Tcp{.dport = 80}})), "dropped");
    EXPECT_EQ(in(to_host6({Icmp6{}})), "accepted input");
    EXPECT_EQ(in(through6({Tcp{.dport = 22}})), "dropped");
    EXPECT_EQ(out(from_host({Tcp{.sport = 40001, .dport = 443}})), "accepted output");
    EXPECT_EQ(in(to_host({Tcp{.sport = 443, .dport = 40001, .flags = "SA"}})), "accepted input")
        << "its answer";
  }
};

TEST_F(BootTest, NeverSavedIsOpenAndSaysSo) {
  const auto booted = boot();
  EXPECT_EQ(booted.exit_code, 0) << booted.describe();
  EXPECT_THAT(booted.out, HasSubstr("no rules were ever saved"));
  EXPECT_THAT(nft({"list", "tables"}), Not(HasSubstr("table ip bulkhead")));
}

TEST_F(BootTest, WhatWasSavedIsEnforcedAfterARestart) {
  save_seed();
  restart();
  EXPECT_EQ(rules(), kOpenListing);
  const auto booted = boot();
  EXPECT_EQ(booted.exit_code, 0) << booted.describe();
  EXPECT_EQ(rules(), kSeedListing);
  EXPECT_THAT(rules(true), HasSubstr("-P INPUT DROP\n"));
  EXPECT_EQ(in(to_host({Tcp{.dport = 80}})), "accepted input");
  EXPECT_EQ(in(to_host({Tcp{.dport = 81}})), "dropped");
  EXPECT_EQ(in(to_host6({Tcp{.dport = 80}})), "dropped");
  EXPECT_EQ(with_state({"status"}).exit_code, 0);
}

TEST_F(BootTest, TheCountersStartAtZero) {
  apply_seed();
  EXPECT_EQ(in(to_host({Tcp{.dport = 80}})), "accepted input");
  ASSERT_EQ(with_state({"save"}).exit_code, 0);
  restart();
  ASSERT_EQ(boot().exit_code, 0);
  EXPECT_THAT(run({"iptables", "-S", "-v"}).out, HasSubstr("--dport 80 -c 0 0 -j ACCEPT"));
}

TEST_F(BootTest, ATruncatedFileClosesTheHost) {
  save_seed();
  const auto file = state_ / "saved.rules";
  const std::string whole = read(file);
  restart();
  write("state/saved.rules", whole.substr(0, whole.size() / 2));
  const auto booted = boot();
  EXPECT_EQ(booted.exit_code, 1) << booted.describe();
  EXPECT_THAT(booted.err, HasSubstr("THIS HOST IS CLOSED"));
  EXPECT_THAT(booted.err, HasSubstr("the end is missing"));
  expect_closed();
}

TEST_F(BootTest, AMissingFileClosesTheHostThatHadOne) {
  save_seed();
  restart();
  std::filesystem::remove(state_ / "saved.rules");
  const auto booted = boot();
  EXPECT_EQ(booted.exit_code, 1);
  EXPECT_THAT(booted.err, HasSubstr("is missing, although rules were saved before"));
  expect_closed();
}

TEST_F(BootTest, RulesThatCannotBeLoadedCloseTheHost) {
  ASSERT_TRUE(
      host::save(state_, {.v4 = kSeedRules, .v6 = "*filter\n-A INPUT -m nosuch -j DROP\nCOMMIT\n"})
          .ok());
  const auto booted = boot();
  EXPECT_EQ(booted.exit_code, 1);
  EXPECT_THAT(booted.err, HasSubstr("nosuch"));
  expect_closed();
}

TEST_F(BootTest, ManagementAddressesNarrowSsh) {
  save_seed();
  restart();
  std::filesystem::remove(state_ / "saved.rules");
  const auto config = write(
      "c.toml", "[management]\naddresses = ['192.0.2.77', '2001:db8::9']\nssh_ports = [2222]\n");
  const auto booted = boot(config);
  EXPECT_EQ(booted.exit_code, 1);
  EXPECT_THAT(booted.err, HasSubstr("ssh from 192.0.2.77/32, 2001:db8::9/128"));
  EXPECT_THAT(with_state({"status"}).out, HasSubstr("Load your rules (bulkhead apply FILE), then"))
      << "nobody wants to keep the closed rules";
  EXPECT_EQ(in(to_host({Tcp{.dport = 2222}})), "dropped");
  EXPECT_EQ(in(build(Ip4{.saddr = "192.0.2.77", .daddr = kHost} / Tcp{.dport = 2222})),
            "accepted input");
  EXPECT_EQ(in(build(Ip4{.saddr = "192.0.2.77", .daddr = kHost} / Tcp{.dport = 22})), "dropped");
  EXPECT_EQ(in(to_host6({Tcp{.dport = 2222}})), "accepted input");
}

TEST_F(BootTest, AnUnreadableConfigurationIsSaidAndShutsNobodyOut) {
  save_seed();
  restart();
  std::filesystem::remove(state_ / "saved.rules");
  const auto booted = boot(write("c.toml", "[management\n"));
  EXPECT_EQ(booted.exit_code, 1);
  EXPECT_THAT(booted.err, HasSubstr("the configuration can't be read either"));
  expect_closed();
}

TEST_F(BootTest, TheJournalGetsAPriority) {
  ASSERT_TRUE(host::mark_saved_once(state_).ok());
  const auto booted = with_state({"boot"}, {.environment = {{"JOURNAL_STREAM", "8:1"}}});
  EXPECT_THAT(booted.err, StartsWith("<1>bulkhead: "));
}

TEST_F(BootTest, AClosedHostIsRepairedByAFullLoadAndASave) {
  ASSERT_TRUE(host::mark_saved_once(state_).ok());
  ASSERT_EQ(boot().exit_code, 1);
  save_seed();
  EXPECT_EQ(rules(), kSeedListing);
  restart();
  EXPECT_EQ(boot().exit_code, 0);
}

TEST_F(BootTest, SavedFilesAreRootsOnly) {
  save_seed();
  for (const auto& [path, mode] : std::vector<std::pair<std::filesystem::path, unsigned>>{
           {state_, 0700}, {state_ / "saved.rules", 0600}, {state_ / "saved-once", 0600}}) {
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0) << path;
    EXPECT_EQ(status.st_mode & 07777U, mode) << path;
  }
}

TEST_F(BootTest, ForgettingMakesItAHostThatWasNeverProtected) {
  save_seed();
  const auto cleared = with_state({"clear", "--saved"});
  EXPECT_EQ(cleared.exit_code, 0) << cleared.describe();
  EXPECT_EQ(rules(), kOpenListing);
  restart();
  EXPECT_THAT(boot().out, HasSubstr("no rules were ever saved"));
}

TEST_F(BootTest, SaveRefusesADamagedTable) {
  save_seed();
  const std::string before = read(state_ / "saved.rules");
  nft({"flush", "chain", "ip", "bulkhead", "filter/INPUT"});
  const auto saved = with_state({"save"});
  EXPECT_EQ(saved.exit_code, 4) << saved.describe();
  EXPECT_THAT(saved.err, HasSubstr("damaged"));
  EXPECT_EQ(read(state_ / "saved.rules"), before);
}

// The seed's own way: its script, run by a shell as cron's @reboot would.
TEST_F(BootTest, TheSeedsScriptWorksUnchanged) {
  const auto script = write(
      "firewall.sh",
      "#!/bin/bash\nIPT=" + program("iptables") +
          "\n$IPT -F\n$IPT -X\n$IPT -P OUTPUT ACCEPT\n$IPT -P INPUT DROP\n$IPT -P FORWARD DROP\n"
          "$IPT -A INPUT -p tcp --dport 22 -s 192.0.2.9 -j ACCEPT\n"
          "$IPT -A INPUT -p tcp --dport 80 -j ACCEPT\n"
          "$IPT -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT\n");
  const auto ran = net_->exec({"bash", "-e", script});
  ASSERT_EQ(ran.exit_code, 0) << ran.describe();
  EXPECT_THAT(rules(), HasSubstr("-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n"));
  EXPECT_EQ(in(to_host({Tcp{.dport = 80}})), "accepted input");
  EXPECT_EQ(in(to_host({Tcp{.dport = 81}})), "dropped");
}

TEST(Packaging, TheUnitIsOneThatSystemdTakes) {
  std::string unit;
  {
    std::ostringstream text;
    text << std::ifstream(BULKHEAD_SOURCE_DIR "/packaging/systemd/bulkhead.service").rdbuf();
    unit = std::move(text).str();
  }
  const std::string program = "/usr/sbin/bulkhead boot";
  ASSERT_NE(unit.find("ExecStart=" + program + "\n"), std::string::npos);
  unit.replace(unit.find(program), program.size(), "/bin/true boot");
  const TemporaryFolder made("unit");
  const std::filesystem::path file = made.path() / "bulkhead.service";
  std::ofstream(file) << unit;
  const auto verified = exec({"systemd-analyze", "verify", "--man=no", file.string()});
  if (verified.exit_code == 127) GTEST_SKIP() << "systemd-analyze isn't installed";
  EXPECT_EQ(verified.exit_code, 0) << verified.describe();
  EXPECT_EQ(verified.err, "");
}

}  // namespace
}  // namespace bulkhead::testing
