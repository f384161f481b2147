// SPDX-License-Identifier: GPL-2.0-or-later
// The commands of `bulkhead` on a real kernel.
#include <nlohmann/json.hpp>

#include "kernel/program_fixture.h"

namespace bulkhead::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class BulkheadTest : public ProgramTest {
 protected:
  void apply(const std::string& v4) const {
    const auto applied = bulkhead({"apply", write("r.v4", v4)});
    ASSERT_EQ(applied.exit_code, 0) << applied.describe();
  }
  nlohmann::json status() const {
    return nlohmann::json::parse(with_state({"status", "--json"}).out);
  }
};

TEST_F(BulkheadTest, ApplyTakesBothFamiliesTogether) {
  const auto applied = bulkhead({"apply", write("r.v4", kSeedRules), write("r.v6", seed6())});
  EXPECT_EQ(applied.exit_code, 0) << applied.describe();
  EXPECT_EQ(rules(), kSeedListing);
  EXPECT_THAT(rules(true), HasSubstr("-P INPUT DROP\n"));
  const auto json = status();
  EXPECT_EQ(json["ip"]["transaction"], json["ip6"]["transaction"]);
}

TEST_F(BulkheadTest, OneWrongFileAndNothingIsApplied) {
  apply("*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
  const std::string before = rules();
  const auto applied =
      bulkhead({"apply", write("r.v4", kSeedRules),
                write("r.v6", "*filter\n-A INPUT -p tcp --dport nonsense -j DROP\nCOMMIT\n")});
  EXPECT_EQ(applied.exit_code, 2) << applied.describe();
  EXPECT_THAT(applied.err, AllOf(HasSubstr("r.v6:2:"), HasSubstr("^~~~")));
  EXPECT_EQ(rules(), before);
  EXPECT_EQ(rules(true), kOpenListing);
}

TEST_F(BulkheadTest, ApplyReadsStdinAndMarkedRules) {
  const auto applied =
      bulkhead({"apply", "-"}, {.input = "*filter\n-4 -A INPUT -s 192.0.2.1 -j DROP\n"
                                         "-6 -A INPUT -s 2001:db8::1 -j DROP\nCOMMIT\n"});
  ASSERT_EQ(applied.exit_code, 0) << applied.describe();
  EXPECT_THAT(rules(), HasSubstr("-A INPUT -s 192.0.2.1/32 -j DROP"));
  EXPECT_THAT(rules(true), HasSubstr("-A INPUT -s 2001:db8::1/128 -j DROP"));
}

TEST_F(BulkheadTest, ApplyTestChangesNothing) {
  const auto tested = bulkhead({"apply", "--test", write("r.v4", kSeedRules)});
  EXPECT_EQ(tested.exit_code, 0) << tested.describe();
  EXPECT_EQ(rules(), kOpenListing);
}

TEST_F(BulkheadTest, ShowHasTheKernelsCounts) {
  apply(kSeedRules);
  EXPECT_EQ(in(to_host({Tcp{.dport = 80}})), "accepted input");
  EXPECT_EQ(in(to_host({Tcp{.dport = 81}})), "dropped");
  const auto shown = bulkhead({"show", "INPUT"});
  EXPECT_EQ(shown.exit_code, 0) << shown.describe();
  EXPECT_THAT(shown.out, HasSubstr("policy DROP (1 packets, 40 bytes)"));
  EXPECT_THAT(shown.out, HasSubstr("3        1      40  ACCEPT  -p tcp -m tcp --dport 80\n"));
  const auto json = nlohmann::json::parse(bulkhead({"show", "--json"}).out);
  EXPECT_EQ(json["ip"][0]["chains"][0]["rules"][2]["packets"], 1);
  EXPECT_EQ(bulkhead({"show", "NOPE"}).exit_code, 1);
}

TEST_F(BulkheadTest, ExplainAnswersTheSeedsQuestion) {
  apply(kSeedRules);
  const std::string curl = "tcp 192.0.2.1:40000 > 203.0.113.80:80 out eth0";
  const auto before = bulkhead({"explain", "--connection", curl});
  ASSERT_EQ(before.exit_code, 1) << before.describe();
  EXPECT_THAT(before.out, HasSubstr("the answers to it are dropped by the policy of INPUT"));
  const std::string remedy = "iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT";
  ASSERT_THAT(before.out, HasSubstr("    " + remedy + "\n"));

  const auto typed = net_->exec({"sh", "-c", std::string(BULKHEAD_BIN_DIR) + "/" + remedy});
  ASSERT_EQ(typed.exit_code, 0) << typed.describe();
  const auto after = bulkhead({"explain", "--connection", curl, "kernel"});
  EXPECT_EQ(after.exit_code, 0) << after.describe();
  EXPECT_THAT(after.out, HasSubstr("The connection works."));
  EXPECT_EQ(bulkhead({"explain", "--connection", "--who", "tcp/22"}).exit_code, 2);
  EXPECT_EQ(bulkhead({"explain", "--who", "tcp/22", "--output", "--forward"}).exit_code, 2);
}

TEST_F(BulkheadTest, ExplainSaysWhatTheKernelDoes) {
  apply(kSeedRules);
  for (const auto& [port, verdict] :
       {std::pair{"22", "accepted"}, {"80", "accepted"}, {"81", "dropped"}}) {
    const auto json = nlohmann::json::parse(
        bulkhead({"explain", "--json",
                  std::string("tcp 192.0.2.9:40000 > 192.0.2.1:") + port + " new in eth0"})
            .out);
    EXPECT_EQ(json["verdict"], verdict);
    const auto packet = to_host({Tcp{.dport = static_cast<uint16_t>(std::stoi(port))}});
    EXPECT_THAT(in(packet), HasSubstr(verdict));
  }
  const auto file = write("open.v4", "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
  EXPECT_THAT(bulkhead({"explain", "tcp 192.0.2.9 > 192.0.2.1:81 in eth0", file}).out,
              HasSubstr("accepted by rule 1 of INPUT"));
  const auto wrong = bulkhead({"explain", "tcp 192.0.2.9 > nowhere"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("^~"));
}

TEST_F(BulkheadTest, OthersWhoMayDropAreNamed) {
  apply("*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
  nft({"add table inet theirs"});
  nft({"add chain inet theirs in { type filter hook input priority 5; policy drop; }"});
  const auto json = status();
  bool found = false;
  for (const auto& chain : json["foreign_chains"]) {
    found |= chain["table"] == "theirs" && chain["hook"] == "input" && chain["may_drop"] == true &&
             chain["priority"] == 5;
  }
  EXPECT_TRUE(found) << json.dump(2);
  EXPECT_THAT(bulkhead({"explain", "tcp 192.0.2.9 > 192.0.2.1:81 in eth0"}).out,
              HasSubstr("table inet theirs, chain in at input may still drop"));
}

TEST_F(BulkheadTest, StatusCountsTheRulesOfIptablesLegacy) {
  const Xtables legacy(*net_, XtablesPrograms::legacy());
  legacy.must_restore(filter("-A INPUT -p tcp -j DROP\n"));
  const auto json = status();
  ASSERT_EQ(json["other_tables"].size(), 1U) << json.dump(2);
  EXPECT_EQ(json["other_tables"][0]["rules"], 1);
  EXPECT_EQ(json["other_tables"][0]["may_drop"], true);
  legacy.clear();
  EXPECT_EQ(status()["other_tables"][0]["may_drop"], false);
}

TEST_F(BulkheadTest, StatusIsWrongWhenWhatWasSavedIsGone) {
  apply(kSeedRules);
  ASSERT_EQ(with_state({"save"}).exit_code, 0);
  EXPECT_EQ(with_state({"status"}).exit_code, 0);
  nft({"delete table ip bulkhead"});
  const auto gone = with_state({"status"});
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_THAT(gone.out, HasSubstr("wrong: IPv4: rules are saved, but none are loaded"));
}

TEST_F(BulkheadTest, ADamagedTableIsRefusedAndAFullLoadRepairsIt) {
  apply(kSeedRules);
  nft({"flush chain ip bulkhead filter/INPUT"});
  EXPECT_EQ(with_state({"status"}).exit_code, 1);
  EXPECT_EQ(bulkhead({"show"}).exit_code, 4);
  EXPECT_EQ(run({"iptables", "-A", "INPUT", "-j", "ACCEPT"}).exit_code, 4);
  EXPECT_EQ(bulkhead({"explain", "tcp 192.0.2.9 > 192.0.2.1:81 in eth0"}).exit_code, 4);
  apply(kSeedRules);
  EXPECT_EQ(rules(), kSeedListing);
  EXPECT_EQ(in(to_host({Tcp{.dport = 80}})), "accepted input");
  EXPECT_EQ(in(to_host({Tcp{.dport = 81}})), "dropped");
}

TEST_F(BulkheadTest, ClearTakesADamagedTableAwayToo) {
  apply(kSeedRules);
  nft({"flush chain ip bulkhead filter/INPUT"});
  const auto cleared = with_state({"clear"});
  EXPECT_EQ(cleared.exit_code, 0) << cleared.describe();
  EXPECT_THAT(nft({"list", "tables"}), Not(HasSubstr("table ip bulkhead\n")));
  EXPECT_EQ(in(to_host({Tcp{.dport = 81}})), "accepted input");
}

TEST_F(BulkheadTest, ClearSaysWhatTheNextBootDoes) {
  apply(kSeedRules);
  EXPECT_THAT(with_state({"clear"}).out, Not(HasSubstr("the next boot")));
  apply(kSeedRules);
  ASSERT_EQ(with_state({"save"}).exit_code, 0);
  EXPECT_THAT(with_state({"clear"}).out, HasSubstr("and the next boot loads them"));
  std::filesystem::remove(state_ / "saved.rules");
  EXPECT_THAT(with_state({"clear"}).out, HasSubstr("so the next boot closes the host"));
}

TEST_F(BulkheadTest, ImportTakesOverIptablesLegacyWithItsCounts) {
  const Xtables legacy(*net_, XtablesPrograms::legacy());
  const auto restored = legacy.restore(
      "*filter\n:INPUT DROP [5:500]\n:mine - [0:0]\n[3:120] -A INPUT -p tcp -m tcp --dport 80 -j "
      "mine\n"
      "-A mine -j ACCEPT\nCOMMIT\n",
      {"-c"});
  ASSERT_TRUE(restored.ok()) << restored.describe();
  const auto asked = bulkhead({"import"});
  EXPECT_EQ(asked.exit_code, 1) << "nobody is there to be asked";
  EXPECT_THAT(asked.out, HasSubstr("-A mine -j ACCEPT"));
  EXPECT_THAT(asked.err, HasSubstr("--yes"));
  EXPECT_EQ(rules(), kOpenListing);

  const auto imported = bulkhead({"import", "--yes"});
  EXPECT_EQ(imported.exit_code, 0) << imported.describe();
  EXPECT_THAT(run({"iptables-save", "-c"}).out,
              AllOf(HasSubstr(":INPUT DROP [5:500]"),
                    HasSubstr("[3:120] -A INPUT -p tcp -m tcp --dport 80 -j mine")));
  EXPECT_THAT(legacy.save(), AllOf(HasSubstr(":INPUT ACCEPT"), Not(HasSubstr("mine"))));
  EXPECT_EQ(in(to_host({Tcp{.dport = 80}})), "accepted input");
  EXPECT_EQ(in(to_host({Tcp{.dport = 81}})), "dropped");
}

TEST_F(BulkheadTest, ImportTakesOverIptablesNft) {
  const auto made =
      net_->exec({"iptables-nft", "-A", "INPUT", "-p", "tcp", "--dport", "81", "-j", "DROP"});
  if (made.exit_code == 127) GTEST_SKIP() << "iptables-nft isn't installed";
  ASSERT_EQ(made.exit_code, 0) << made.describe();
  const auto imported = bulkhead({"import", "--yes"});
  EXPECT_EQ(imported.exit_code, 0) << imported.describe();
  EXPECT_THAT(rules(), HasSubstr("-A INPUT -p tcp -m tcp --dport 81 -j DROP"));
  EXPECT_THAT(net_->must_exec({"iptables-nft-save"}), Not(HasSubstr("--dport 81")));
  EXPECT_EQ(in(to_host({Tcp{.dport = 81}})), "dropped");
}

TEST_F(BulkheadTest, ImportNamesWhatItCannotTakeAndChangesNothing) {
  const Xtables legacy(*net_, XtablesPrograms::legacy());
  legacy.must_restore(filter("-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n") +
                      "*mangle\n-A POSTROUTING -p udp -j CHECKSUM --checksum-fill\nCOMMIT\n");
  const auto imported = bulkhead({"import", "--yes"});
  EXPECT_NE(imported.exit_code, 0);
  EXPECT_THAT(imported.err, AllOf(HasSubstr("CHECKSUM"), HasSubstr("nothing is changed")));
  EXPECT_THAT(legacy.save(), HasSubstr("--checksum-fill"));
  EXPECT_EQ(rules(), kOpenListing);
}

TEST_F(BulkheadTest, ImportKeepsTheOldRulesIfAskedTo) {
  const Xtables legacy(*net_, XtablesPrograms::legacy());
  legacy.must_restore(filter("-A INPUT -p tcp -m tcp --dport 81 -j DROP\n"));
  ASSERT_EQ(bulkhead({"import", "--yes", "--keep"}).exit_code, 0);
  EXPECT_THAT(legacy.save(), HasSubstr("--dport 81"));
  EXPECT_THAT(rules(), HasSubstr("--dport 81"));
}

TEST_F(BulkheadTest, WithoutPermissionNothingIsDoneAndTheCodeIsFour) {
  const auto setpriv = net_->exec({"setpriv", "--version"});
  if (setpriv.exit_code == 127) GTEST_SKIP() << "setpriv isn't installed";
  const auto shown =
      net_->exec({"setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--reuid", "65534",
                  "--clear-groups", program("bulkhead"), "apply", "-4", "-"},
                 {.input = kSeedRules});
  EXPECT_EQ(shown.exit_code, 4) << shown.describe();
  EXPECT_EQ(rules(), kOpenListing);
}

TEST_F(BulkheadTest, WrongWordsAreTwo) {
  EXPECT_EQ(bulkhead({}).exit_code, 2);
  EXPECT_EQ(bulkhead({"sho"}).exit_code, 2);
  EXPECT_EQ(bulkhead({"show", "--no"}).exit_code, 2);
  EXPECT_EQ(bulkhead({"explain"}).exit_code, 2);
  EXPECT_EQ(bulkhead({"--help"}).exit_code, 0);
  EXPECT_THAT(bulkhead({"--version"}).out, HasSubstr("bulkhead 0."));
}

}  // namespace
}  // namespace bulkhead::testing
