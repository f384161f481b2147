// SPDX-License-Identifier: GPL-2.0-or-later
// Another program at our table: what the commands say and do then, what packets meet meanwhile, and
// whether what the messages advise does help. What is seen of it, and in which words, is
// nft_tamper_test's.
#include <functional>

#include <fmt/format.h>

#include "kernel/program_fixture.h"

namespace bulkhead::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Words = std::vector<std::string>;

constexpr char kFilter[] =
    "*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:web -\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -p tcp -m tcp --dport 22 -j DROP\n"
    "-A INPUT -p tcp -m tcp --dport 80 -j web\n"
    "-A web -s 192.0.2.9/32 -j ACCEPT\n"
    "COMMIT\n";
constexpr char kMangle[] =
    "*mangle\n:PREROUTING ACCEPT\n"
    "-A PREROUTING -p udp -m udp --dport 9 -j DROP\n"
    "COMMIT\n";
constexpr char kListing[] =
    "-P INPUT DROP\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N web\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -p tcp -m tcp --dport 22 -j DROP\n"
    "-A INPUT -p tcp -m tcp --dport 80 -j web\n"
    "-A web -s 192.0.2.9/32 -j ACCEPT\n";
// What let_in() says under these rules, and under none.
constexpr char kAsRuled[] = "tcp 80", kOpen[] = "tcp 22, tcp 80, udp 7, udp 9";

class TamperingTest : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (IsSkipped()) return;
    both_ = write("both.v4", std::string(kFilter) + kMangle);
    filter_ = write("filter.v4", kFilter);
    mangle_ = write("mangle.v4", kMangle);
    load();
    ASSERT_TRUE(with_state({"save"}).ok());
    saved_ = read(state_ / "saved.rules");
  }

  // The rules as they should be, with counts that are not zero.
  void load() {
    const auto applied = bulkhead({"apply", both_});
    ASSERT_TRUE(applied.ok()) << applied.describe();
    ASSERT_EQ(let_in(), kAsRuled);
  }

  std::string let_in() {
    std::string all;
    const auto ask = [&](const std::string& name, const Packet& packet) {
      if (text(rig_->inject("eth0", to_host(packet))) != "accepted input") return;
      if (!all.empty()) all += ", ";
      all += name;
    };
    ask("tcp 22", {Tcp{.dport = 22}});
    ask("tcp 80", {Tcp{.dport = 80}});
    ask("udp 7", {Udp{.dport = 7}});
    ask("udp 9", {Udp{.dport = 9}});
    return all;
  }

  void shell(const std::string& script) const { net_->must_exec({"sh", "-ec", script}); }

  // Counts of rules, as -S -v shows them, that are not zero.
  std::string counts() const {
    std::istringstream lines(run({"iptables-save", "-c"}).out);
    std::string found;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with('[') && !line.starts_with("[0:0]")) found += line + '\n';
    }
    return found;
  }

  std::string both_, filter_, mangle_;
  std::string saved_;
};

struct Tampering {
  std::string name;
  std::string script;  // for sh, in the namespace
  std::string damage;  // the word for it
  std::string let_in;  // what packets meet then
};

void PrintTo(const Tampering& tampering, std::ostream* out) { *out << tampering.name; }

class TamperedTest : public TamperingTest, public ::testing::WithParamInterface<Tampering> {};

TEST_P(TamperedTest, NoCommandPretends) {
  shell(GetParam().script);
  const std::string left = nft({"-a", "-s", "list", "ruleset"});
  EXPECT_EQ(let_in(), GetParam().let_in);
  const std::string question = "tcp 192.0.2.9 > 192.0.2.1:80 in eth0";
  const std::vector<Words> commands{
      // They read, ...
      {"iptables", "-S"},
      {"iptables", "-S", "INPUT", "1", "-v"},
      {"iptables", "-L", "-n", "-v"},
      {"iptables", "-C", "INPUT", "-i", "lo", "-j", "ACCEPT"},
      {"iptables", "-t", "mangle", "-S"},
      {"iptables-save"},
      {"iptables-save", "-c", "-t", "filter"},
      {"bulkhead", "show"},
      {"bulkhead", "show", "--json"},
      {"bulkhead", "explain", question},
      {"bulkhead", "explain", "--json", question},
      // ... they store what they have read, ...
      {"bulkhead", "save", "--state-dir", state_.string()},
      // ... they change what they have read.
      {"iptables", "-A", "INPUT", "-j", "ACCEPT"},
      {"iptables", "-I", "INPUT", "-j", "ACCEPT"},
      {"iptables", "-D", "INPUT", "1"},
      {"iptables", "-F"},
      {"iptables", "-X"},
      {"iptables", "-Z"},
      {"iptables", "-L", "-Z", "-n"},
      {"iptables", "-N", "new"},
      {"iptables", "-P", "INPUT", "ACCEPT"},
      {"iptables-restore", "-n", filter_},
      {"iptables-restore", "-T", "filter", both_},
      {"iptables-restore", mangle_},
      {"iptables-restore", "--test", "-n", filter_},
  };
  for (const Words& command : commands) {
    const auto answer = run(command);
    EXPECT_EQ(answer.exit_code, 4) << answer.describe();
    EXPECT_EQ(answer.out, "") << answer.describe();
    EXPECT_THAT(answer.err, AllOf(HasSubstr("the table `ip bulkhead' is damaged: "),
                                  HasSubstr(": " + GetParam().damage + "\n"), HasSubstr("hint: "),
                                  HasSubstr("bulkhead apply FILE")))
        << answer.describe();
  }
  EXPECT_EQ(nft({"-a", "-s", "list", "ruleset"}), left);
  EXPECT_EQ(read(state_ / "saved.rules"), saved_);

  const auto status = with_state({"status"});
  EXPECT_EQ(status.exit_code, 1);
  EXPECT_THAT(status.out, AllOf(HasSubstr("IPv4        damaged"), HasSubstr("wrong: IPv4: "),
                                HasSubstr(GetParam().damage), HasSubstr("bulkhead apply FILE")));
  // The other family is not concerned.
  EXPECT_TRUE(run({"ip6tables", "-A", "INPUT", "-j", "DROP"}).ok());
  EXPECT_THAT(rules(true), EndsWith("-A INPUT -j DROP\n"));
  EXPECT_TRUE(bulkhead({"show", "-6"}).ok());
  EXPECT_TRUE(bulkhead({"explain", "tcp 2001:db8::9 > 2001:db8::1 in eth0"}).ok());
}

TEST_P(TamperedTest, AFullLoadHelps) {
  const std::vector<Words> remedies{{"bulkhead", "apply", both_},
                                    {"bulkhead", "boot", "--state-dir", state_.string()},
                                    {"iptables-restore", both_}};
  for (const Words& remedy : remedies) {
    load();
    shell(GetParam().script);
    const auto done = run(remedy);
    EXPECT_EQ(done.exit_code, 0) << done.describe();
    EXPECT_EQ(counts(), "") << "not of these rules: " << done.describe();
    EXPECT_EQ(rules(), kListing) << done.describe();
    EXPECT_EQ(let_in(), kAsRuled) << done.describe();
    EXPECT_THAT(counts(), HasSubstr("[1:40] -A web ")) << done.describe();
    EXPECT_EQ(with_state({"status"}).exit_code, 0) << done.describe();
    // What the other program had put there went with the rest.
    EXPECT_THAT(nft({"list", "ruleset"}), Not(HasSubstr("theirs"))) << done.describe();
  }
}

TEST_P(TamperedTest, ClearTakesItAway) {
  shell(GetParam().script);
  EXPECT_EQ(bulkhead({"clear"}).exit_code, 0);
  EXPECT_EQ(nft({"list", "tables"}).find("table ip bulkhead\n"), std::string::npos);
  EXPECT_EQ(rules(), kOpenListing);
  EXPECT_EQ(let_in(), kOpen);
}

// Deletes the rule of that chain that nft shows with these words.
std::string delete_rule(const std::string& chain, const std::string& words) {
  return fmt::format(
      "nft delete rule ip bulkhead {0} handle "
      "$(nft -a list chain ip bulkhead {0} | sed -n '/{1}/s/.*# handle //p')",
      chain, words);
}

// One or more commands of nft.
std::string script(const std::string& commands) {
  return "nft -f - <<'END'\n" + commands + "\nEND";
}

constexpr char kFlushHook[] =
    "flush chain ip bulkhead hook/filter/INPUT\ndelete chain ip bulkhead hook/filter/INPUT\n";
constexpr char kHookAtTen[] =
    "add chain ip bulkhead hook/filter/INPUT { type filter hook input priority 10; }\n"
    "add rule ip bulkhead hook/filter/INPUT jump filter/INPUT\n"
    "add rule ip bulkhead hook/filter/INPUT counter drop";

INSTANTIATE_TEST_SUITE_P(
    , TamperedTest,
    ::testing::Values(
        Tampering{"ADeletedRule", delete_rule("filter/INPUT", "dport 80"),
                  "a rule of chain INPUT is missing: something else deleted it", ""},
        Tampering{"AForeignRule", "nft insert rule ip bulkhead filter/INPUT accept",
                  "something else added a rule to chain INPUT", "tcp 22, tcp 80, udp 7"},
        Tampering{"AForeignChain",
                  script("add chain ip bulkhead theirs { type filter hook input priority 9; "
                         "policy drop; }"),
                  "something else added chain theirs", ""},
        Tampering{"AChangedPolicy",
                  script("add chain ip bulkhead hook/filter/FORWARD { policy drop; }"),
                  "something else changed chain FORWARD", kAsRuled},
        Tampering{"ADeletedBaseChain", script(kFlushHook),
                  "chain INPUT is missing: something else deleted it", "tcp 22, tcp 80, udp 7"},
        Tampering{"AnotherPriority", script(std::string(kFlushHook) + kHookAtTen),
                  "something else changed chain INPUT", kAsRuled},
        Tampering{"ARenamedChain", "nft rename chain ip bulkhead filter/web theirs",
                  "something else changed chain INPUT", kAsRuled},
        Tampering{"AFlushedChain", "nft flush chain ip bulkhead filter/INPUT",
                  "a rule of chain INPUT is missing: something else deleted it", ""},
        Tampering{"AFlushedTable", "nft flush table ip bulkhead",
                  "a rule of chain check/tcp is missing: something else deleted it", kOpen},
        Tampering{"AReloadedListing", "(echo flush ruleset; nft list ruleset) | nft -f -",
                  "the end of its source is missing or was changed", kAsRuled},
        Tampering{"AListingOnTop", "nft list ruleset | nft -f -",
                  "something else added a rule to chain check/tcp", kAsRuled},
        Tampering{"AMissingPieceOfTheSource", "nft delete element ip bulkhead source '{ 0 }'",
                  "piece 1 of its source is missing", kAsRuled},
        Tampering{"AnEmptySource", "nft flush set ip bulkhead source", "its source is missing",
                  kAsRuled},
        Tampering{"NoSource", "nft delete set ip bulkhead source",
                  "the table has no source: it was not made by us, or was flushed", kAsRuled},
        Tampering{"ADormantTable", script("add table ip bulkhead { flags dormant; }"),
                  "something else made the table dormant or took it over", kOpen}),
    [](const auto& tampering) { return tampering.param.name; });

// "No table means empty": nothing is shown that isn't enforced, and what was saved is missed.
struct Removal {
  std::string name;
  std::string script;
};

void PrintTo(const Removal& removal, std::ostream* out) { *out << removal.name; }

class GoneTest : public TamperingTest, public ::testing::WithParamInterface<Removal> {};

TEST_P(GoneTest, NothingIsShownAndStatusMissesIt) {
  shell(GetParam().script);
  EXPECT_EQ(let_in(), kOpen);
  EXPECT_EQ(rules(), kOpenListing);
  EXPECT_EQ(run({"iptables", "-C", "INPUT", "-i", "lo", "-j", "ACCEPT"}).exit_code, 1);
  EXPECT_EQ(run({"iptables-save"}).out, "");
  EXPECT_THAT(bulkhead({"show"}).out, HasSubstr("no rules are loaded: everything is let through"));
  EXPECT_THAT(bulkhead({"explain", "tcp 192.0.2.9 > 192.0.2.1:22 in eth0"}).out,
              HasSubstr("accepted: no rules are loaded"));
  const auto status = with_state({"status"});
  EXPECT_EQ(status.exit_code, 1);
  EXPECT_THAT(status.out, HasSubstr("wrong: IPv4: rules are saved, but none are loaded. To load "
                                    "them: bulkhead boot"));
  EXPECT_TRUE(with_state({"boot"}).ok());
  EXPECT_EQ(rules(), kListing);
  EXPECT_EQ(let_in(), kAsRuled);
  EXPECT_EQ(with_state({"status"}).exit_code, 0);
}

TEST_P(GoneTest, ACommandBeginsWithNothing) {
  shell(GetParam().script);
  EXPECT_EQ(run({"iptables", "-D", "INPUT", "1"}).exit_code, 1);
  EXPECT_TRUE(run({"iptables", "-A", "INPUT", "-p", "udp", "--dport", "7", "-j", "DROP"}).ok());
  EXPECT_EQ(rules(), std::string(kOpenListing) + "-A INPUT -p udp -m udp --dport 7 -j DROP\n");
  EXPECT_EQ(let_in(), "tcp 22, tcp 80, udp 9");
  EXPECT_THAT(with_state({"status"}).out, HasSubstr("saved.rules differs from what is loaded"));
}

TEST_P(GoneTest, SavingItDoesNotForgetWhatWasSaved) {
  shell(GetParam().script);
  const auto saved = with_state({"save"});
  EXPECT_EQ(saved.exit_code, 1) << saved.describe();
  EXPECT_THAT(saved.err, AllOf(HasSubstr("nothing was saved: no IPv4 rules are loaded"),
                               HasSubstr("bulkhead boot"), HasSubstr("bulkhead clear --saved")));
  EXPECT_EQ(read(state_ / "saved.rules"), saved_);

  ASSERT_TRUE(with_state({"clear", "--saved"}).ok());
  const auto wanted = with_state({"save"});
  EXPECT_TRUE(wanted.ok()) << wanted.describe();
  EXPECT_THAT(wanted.err, HasSubstr("warning: no rules are in force"));
}

// The rig's observer stays: it is what tells which packets come through.
INSTANTIATE_TEST_SUITE_P(
    , GoneTest,
    ::testing::Values(
        Removal{"AFlushedRuleset",
                "(echo flush ruleset; nft list table inet bulkhead_observer) | nft -f -"},
        Removal{"ADeletedTable", "nft delete table ip bulkhead"}),
    [](const auto& removal) { return removal.param.name; });

TEST_F(TamperingTest, WhatNoPacketMeetsIsNoDamage) {
  shell(
      script("add set ip bulkhead theirs { type ipv4_addr; }\n"
             "add element ip bulkhead theirs { 192.0.2.9 }\nadd counter ip bulkhead theirs"));
  EXPECT_EQ(rules(), kListing);
  EXPECT_EQ(let_in(), kAsRuled);
  EXPECT_TRUE(run({"iptables", "-A", "OUTPUT", "-j", "ACCEPT"}).ok());
  EXPECT_TRUE(run({"iptables", "-D", "OUTPUT", "1"}).ok());
  EXPECT_EQ(rules(), kListing);
  EXPECT_EQ(with_state({"status"}).exit_code, 0);
}

// iptables-restore leaves tables alone that the file doesn't name. What a damaged one held isn't
// known.
TEST_F(TamperingTest, ARestoreSaysThatItTookTheRestOfADamagedTable) {
  const auto sound = run({"iptables-restore", filter_});
  EXPECT_EQ(sound.err, "");
  EXPECT_EQ(let_in(), kAsRuled);
  EXPECT_THAT(run({"iptables", "-t", "mangle", "-S"}).out, HasSubstr("--dport 9 -j DROP"));

  nft({"flush", "set", "ip", "bulkhead", "source"});
  const auto restored = run({"iptables-restore", filter_});
  EXPECT_EQ(restored.exit_code, 0);
  EXPECT_EQ(restored.err,
            "iptables-restore: warning: the table `ip bulkhead' was damaged: its source is "
            "missing: all that it held is replaced, also tables that the file doesn't name\n");
  EXPECT_THAT(run({"iptables", "-t", "mangle", "-S"}).out, Not(HasSubstr("--dport 9")));
  EXPECT_EQ(run({"iptables-restore", filter_}).err, "");
}

}  // namespace
}  // namespace bulkhead::testing
